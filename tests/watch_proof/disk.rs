//! The journal cannot be written while a trim is due: it is told, and nothing is signed.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use crate::{
    child::{stdout, watch, watch_after},
    post::{health, is_at_target, looped, mine, price, sent_to_composer, unresolved},
    trader::Trader,
};

#[tokio::test]
async fn a_disk_that_is_full_stops_the_trim_loudly_and_with_room_again_it_is_done_once() {
    let (mut stopped, mut through) = (0, 0);
    for kilobytes in [0, 8, 32, 64, 128, 192, 256, 8_192] {
        let (trader, _) = looped().await;
        let opened = trader.replica.controls.head().await.expect("head").number;
        price(&trader.replica, "2730").await;
        let shell = format!("trap '' XFSZ; ulimit -f {kilobytes}");
        let output = watch_after(&trader, &shell).output().expect("started");
        let said = stdout(&output);
        let sent = sent_to_composer(&trader.replica, trader.account, opened + 1).await;
        eprintln!("{kilobytes} kB: {} sent, {:?}", sent.len(), output.status.code());
        if sent.is_empty() {
            stopped += 1;
            let loud = said.contains("alert journal") || said.contains("failed:") || !output.status.success();
            assert!(loud, "{kilobytes} kB: {said}");
        } else {
            through += 1;
        }
        assert!(sent.len() <= 1, "{kilobytes} kB: {said}");
        mine(&trader.replica, 1).await;
        finish(&trader, opened).await;
    }
    assert!(stopped > 0 && through > 0, "{stopped} stopped, {through} went through");
}

#[tokio::test]
async fn a_read_only_journal_stops_the_trim_and_is_told() {
    let (trader, _) = looped().await;
    let opened = trader.replica.controls.head().await.expect("head").number;
    price(&trader.replica, "2730").await;
    let files: Vec<PathBuf> = fs::read_dir(trader.journals.path().join(trader.identity.id().as_str()))
        .expect("directory")
        .map(|entry| entry.expect("entry").path())
        .collect();
    let set = |mode| {
        files.iter().for_each(|file| fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("mode"));
    };
    set(0o400);
    // The superuser may write what is read-only; then there is nothing to see.
    let is_superuser = fs::OpenOptions::new().append(true).open(&files[0]).is_ok();
    let output = watch(&trader).output().expect("started");
    if is_superuser {
        eprintln!("skipped: the superuser may write a read-only journal");
    } else {
        assert_eq!(sent_to_composer(&trader.replica, trader.account, opened + 1).await, []);
        assert!(!output.status.success() || stdout(&output).contains("journal"), "{output:?}");
    }
    set(0o600);
    finish(&trader, opened).await;
}

/// With room again the loop ends trimmed, by one transaction.
async fn finish(trader: &Trader, opened: u64) {
    let mut starts = 0;
    while !is_at_target(health(trader).await) || unresolved(trader) > 0 {
        starts += 1;
        let output = watch(trader).output().expect("started");
        assert!(starts < 5, "{}", stdout(&output));
        mine(&trader.replica, 1).await;
    }
    let sent = sent_to_composer(&trader.replica, trader.account, opened + 1).await;
    assert_eq!(sent.iter().filter(|(_, through)| *through).count(), 1, "{sent:?}");
}
