//! Several wallets in one watch, each with a keystore and a password of its own.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    common::{account, signer},
    kit::{Daemon, health, is_at_target, keeps_its_secrets, looped, price},
    trader::{Program, Ran, Trader},
};

/// A directory with settings, keystores and passwords, away from where the program is started.
struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("directory") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("parent")).expect("directory");
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions");
    }

    /// The keystore of a test account, with a password that the desk keeps in a file of the same name.
    fn keystore(&self, directory: &str, name: &str, index: usize) {
        let store = self.path(directory);
        fs::create_dir_all(&store).expect("directory");
        let mut rng = alloy::signers::k256::elliptic_curve::rand_core::OsRng;
        let (key, password) = (signer(index).to_bytes(), format!("s3cr3t-{name}"));
        alloy::signers::local::PrivateKeySigner::encrypt_keystore(&store, &mut rng, key, &password, Some(name))
            .expect("keystore");
        fs::set_permissions(store.join(name), fs::Permissions::from_mode(0o600)).expect("permissions");
        self.write(&format!("passwords/{name}"), &format!("{password}\n"), 0o600);
    }

    fn program(&self, trader: &Trader) -> Program {
        Program::new(trader.journals.path())
            .args(["--rpc-url", trader.replica.url(), "--config", path(&self.path("trimtab.toml"))])
            .env("HOME", path(self.dir.path()))
            .env("FOUNDRY_DIR", path(&self.path("foundry")))
            .env("TRIMTAB_METRICS_LISTEN", "127.0.0.1:0")
    }

    async fn run(&self, trader: &Trader, words: &str) -> Ran {
        let ran = self.program(trader).run(words).await;
        keeps_its_secrets(&ran);
        assert!(!ran.stdout.contains("s3cr3t") && !ran.stderr.contains("s3cr3t"), "{ran:#?}");
        ran
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// One in foundry's directory, one at a path beside the settings.
const TWO: &str = "[[watch.keys]]\naccount = \"savings\"\npassword_file = \"passwords/savings\"\n\
                   [[watch.keys]]\nkeystore = \"keys/trading\"\npassword_file = \"passwords/trading\"\n";

#[tokio::test]
async fn two_keystores_with_two_passwords_are_both_watched_and_acted_for() {
    let trader = looped().await;
    let desk = Desk::new();
    desk.keystore("foundry/keystores", "savings", trader.index);
    desk.keystore("keys", "trading", 2);
    desk.write("trimtab.toml", TWO, 0o644);
    let (savings, trading) = (trader.account.to_string(), account(2).to_string());

    let shadow = desk.run(&trader, "watch --once --shadow").await;
    shadow.succeeds().shows(&[&savings, &trading]);
    assert!(
        !shadow.stdout.contains("only looked at") && !shadow.stderr.contains("can be read by everybody"),
        "{shadow:#?}"
    );

    // Naming one of them again changes nothing, and asks for no password.
    price(&trader, "2730").await;
    let once = desk.run(&trader, "watch --once --account savings").await;
    assert_eq!(once.code, Some(8), "{once:#?}");
    once.shows(&[&savings, &trading]);
    assert!(is_at_target(health(&trader).await), "{}", health(&trader).await);

    desk.run(&trader, "doctor").await.shows(&["watch.keys savings", "watch.keys ", "ether for gas", &trading]);
    let drill = desk.run(&trader, "watch drill").await;
    drill.fails(2, &["which account", "savings", "--account NAME"]);
    price(&trader, "3000").await;
    for words in ["watch drill --account savings".to_owned(), format!("watch drill --from {savings}")] {
        desk.run(&trader, &words).await.succeeds().shows(&["dry run"]);
    }
}

#[tokio::test]
async fn an_entry_that_cannot_be_opened_is_named_and_nothing_starts() {
    let trader = Trader::start().await;
    let desk = Desk::new();
    desk.keystore("foundry/keystores", "savings", 1);
    desk.keystore("keys", "trading", 2);
    desk.write("keys/junk", "not json", 0o600);
    let settings = |second: &str| {
        let first = "[[watch.keys]]\naccount = \"savings\"\npassword_file = \"passwords/savings\"\n";
        desk.write("trimtab.toml", &format!("{first}[[watch.keys]]\n{second}"), 0o644);
    };
    for (second, words) in [
        ("keystore = \"keys/gone\"\npassword_file = \"passwords/trading\"\n", ["no keystore at", "trading"]),
        ("account = \"gone\"\npassword_file = \"passwords/trading\"\n", ["no keystore at", "savings"]),
        ("keystore = \"keys/trading\"\npassword_file = \"passwords/gone\"\n", ["cannot read", "passwords/gone"]),
        ("keystore = \"keys/trading\"\npassword_file = \"passwords/savings\"\n", ["wrong password", "keys/trading"]),
        ("keystore = \"keys/trading\"\npassword_file = \"passwords\"\n", ["cannot read", "directory"]),
        ("keystore = \"keys\"\npassword_file = \"passwords/trading\"\n", ["not a file", "keys"]),
        ("keystore = \"keys/junk\"\npassword_file = \"passwords/trading\"\n", ["not a keystore", "keys/junk"]),
        ("keystore = \"keys/junk/x\"\npassword_file = \"passwords/trading\"\n", ["Not a directory", "keys/junk/x"]),
        ("keystore = \"~/trading\"\npassword_file = \"passwords/trading\"\n", ["~", "write the path out"]),
    ] {
        settings(second);
        let refused = desk.run(&trader, "watch --once").await;
        refused.fails(3, &["watch.keys", "entry 2", words[0], words[1]]);
    }
    settings("keystore = \"foundry/keystores/savings\"\npassword_file = \"passwords/savings\"\n");
    let twice = desk.run(&trader, "watch --once").await;
    twice.fails(3, &["watch.keys entry 2", "is also that of watch.keys entry 1 (savings)", &account(1).to_string()]);
    let doctor = desk.run(&trader, "doctor").await;
    doctor.fails(3, &["1 check failed"]).shows(&["FAIL  watch.keys", "is also that of watch.keys savings"]);
}

#[tokio::test]
async fn a_password_that_everybody_can_read_is_warned_of() {
    let trader = Trader::start().await;
    let desk = Desk::new();
    desk.keystore("keys", "trading", 2);
    desk.write("passwords/trading", "s3cr3t-trading\n", 0o644);
    desk.write(
        "trimtab.toml",
        "[[watch.keys]]\nkeystore = \"keys/trading\"\npassword_file = \"passwords/trading\"\n",
        0o644,
    );
    // A closed directory on the way keeps it.
    fs::set_permissions(desk.dir.path(), fs::Permissions::from_mode(0o700)).expect("permissions");
    let once = desk.run(&trader, "watch --once").await;
    once.succeeds();
    assert!(!once.stderr.contains("can be read by everybody"), "{once:#?}");
    fs::set_permissions(desk.dir.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
    let once = desk.run(&trader, "watch --once").await;
    once.succeeds();
    assert!(once.stderr.contains("passwords/trading can be read by everybody"), "{once:#?}");
    assert!(!once.stderr.contains("keys/trading can be read"), "{once:#?}");
    desk.run(&trader, "doctor").await.shows(&["warn  watch.keys", "can be read by everybody", "chmod 600"]);
}

#[tokio::test]
async fn foundrys_directory_may_be_elsewhere() {
    let trader = looped().await;
    let desk = Desk::new();
    desk.keystore("foundry/keystores", "savings", trader.index);
    desk.write("trimtab.toml", "", 0o644);
    let words = format!("watch --once --account savings --password-file {}", desk.path("passwords/savings").display());
    desk.run(&trader, &words).await.succeeds().shows(&[&trader.account.to_string(), "nothing to do"]);
    desk.run(&trader, "watch --once --account other")
        .await
        .fails(3, &["foundry/keystores/other", "there are: savings"]);
}

#[tokio::test]
async fn a_keystore_of_the_settings_that_is_named_elsewhere_too_is_opened_with_its_own_password() {
    let trader = looped().await;
    let desk = Desk::new();
    desk.keystore("foundry/keystores", "savings", trader.index);
    desk.keystore("keys", "trading", 2);
    // The address of a key is no account that is only looked at.
    desk.write("trimtab.toml", &format!("[watch]\naccounts = [\"{}\"]\n{TWO}", trader.account), 0o644);
    let trading = path(&desk.path("keys/trading")).to_owned();
    for (name, value) in [("ETH_KEYSTORE_ACCOUNT", "savings"), ("ETH_KEYSTORE", trading.as_str())] {
        let once = desk.program(&trader).env(name, value).run("watch --once").await;
        once.succeeds().shows(&[&trader.account.to_string(), &account(2).to_string()]);
        assert!(!once.stdout.contains("only looked at"), "{once:#?}");
    }
    let drill = desk.program(&trader).env("ETH_KEYSTORE_ACCOUNT", "savings").run("watch drill").await;
    drill.succeeds().shows(&["dry run"]);
    // Two of one name.
    desk.keystore("foundry/keystores", "trading", 3);
    let third = "[[watch.keys]]\naccount = \"trading\"\npassword_file = \"passwords/trading\"\n";
    desk.write("trimtab.toml", &format!("{TWO}{third}"), 0o644);
    desk.run(&trader, "watch drill --account trading").await.fails(2, &["which trading?", "--keystore PATH"]);
}

#[tokio::test]
async fn a_daemon_that_reads_its_settings_again_says_that_keys_are_taken_at_the_start_only() {
    let trader = looped().await;
    let desk = Desk::new();
    desk.keystore("foundry/keystores", "savings", trader.index);
    desk.keystore("keys", "trading", 2);
    let one = "[[watch.keys]]\naccount = \"savings\"\npassword_file = \"passwords/savings\"\n";
    desk.write("trimtab.toml", one, 0o644);
    let daemon = Daemon::start(desk.program(&trader), "watch").await;
    daemon.reload().await;
    daemon.hears("STATUS=settings were read again").await;
    desk.write("trimtab.toml", TWO, 0o644);
    // However often it is read again.
    for _ in 0..2 {
        daemon.reload().await;
        daemon.hears("STATUS=settings were read again").await;
    }
    let ended = daemon.stop().await;
    ended.succeeds();
    let told = ended.stderr.matches("whom it watches changes only when it is started again").count();
    assert!(told >= 1, "{ended:#?}");
    assert!(!ended.stderr.contains(&account(2).to_string()), "{ended:#?}");
}
