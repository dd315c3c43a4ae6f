//! The shipped units say what the program does.

use std::{fs, path::Path};

fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn value<'a>(unit: &'a str, key: &str) -> Option<&'a str> {
    unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

#[test]
fn a_daemon_that_must_not_be_restarted_is_not_and_one_that_crashed_is() {
    let unit = shipped("trimtab.service");
    assert_eq!(value(&unit, "Restart"), Some("on-failure"));
    // Usage, configuration, refused, lock held: starting again changes nothing (docs/commands.md).
    assert_eq!(value(&unit, "RestartPreventExitStatus"), Some("2 3 4 9"));
    assert_eq!(value(&unit, "Type"), Some("notify"));
    assert!(value(&unit, "WatchdogSec").is_some());
    let once = shipped("trimtab-once.service");
    assert_eq!(value(&once, "SuccessExitStatus"), Some("8"), "`watch --once` acted is no failure");
    assert!(shipped("trimtab-once.timer").contains("Unit=trimtab-once.service"));
}

#[test]
fn no_secret_stands_on_a_command_line_and_credentials_are_passed_as_files() {
    for name in ["trimtab.service", "trimtab-once.service"] {
        let unit = shipped(name);
        assert!(!unit.contains("--private-key") && !unit.contains("--mnemonic"), "{name}");
        assert!(unit.contains("LoadCredential=password:") && unit.contains("--password-file %d/password"), "{name}");
        assert!(unit.contains("LoadCredential=keystore:") && unit.contains("--keystore %d/keystore"), "{name}");
        for hardened in ["NoNewPrivileges=yes", "ProtectSystem=strict", "DynamicUser=yes"] {
            assert!(unit.contains(hardened), "{name}: {hardened}");
        }
    }
}

#[test]
fn the_image_runs_as_nobody_special_and_names_its_bases_exactly() {
    let image = shipped("Dockerfile");
    for line in image.lines().filter(|line| line.starts_with("FROM ")) {
        let base = line.split_whitespace().nth(1).expect("base");
        assert!(base.contains(':') && !base.ends_with(":latest"), "{line}");
    }
    let last = image.rsplit("FROM ").next().expect("last stage");
    assert!(last.contains("USER trimtab") && last.contains("HEALTHCHECK"), "{last}");
}
