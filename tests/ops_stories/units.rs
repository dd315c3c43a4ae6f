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
    for name in ["trimtab.service", "trimtab@.service", "trimtab-once.service"] {
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
fn every_wallets_instance_is_as_hardened_as_the_single_service_and_shares_nothing_with_the_others() {
    let (single, instance) = (shipped("trimtab.service"), shipped("trimtab@.service"));
    // What differs is what belongs to one wallet; each of those lines names the instance.
    let lines = |unit: &str| -> Vec<String> {
        let lines = unit.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    let (single, own) = (lines(&single), lines(&instance));
    let differing: Vec<&String> = own.iter().filter(|line| !single.contains(line)).collect();
    assert!(differing.iter().all(|line| line.contains("%i")), "{differing:?}");
    for key in ["StateDirectory=", "CacheDirectory=", "LoadCredential=keystore:", "LoadCredential=password:"] {
        assert!(differing.iter().any(|line| line.starts_with(key)), "{key} is shared by all instances");
    }
    for variable in ["TRIMTAB_CONFIG=", "XDG_DATA_HOME=", "XDG_CACHE_HOME="] {
        let own = format!("Environment={variable}");
        assert!(differing.iter().any(|line| line.starts_with(&own)), "{variable} is shared by all instances");
    }
    // Nothing of the single service's is missing but what the instance has in its place.
    let keys = |lines: &[String]| -> Vec<String> {
        let mut keys: Vec<_> = lines.iter().map(|line| line.split('=').next().unwrap_or(line).to_owned()).collect();
        keys.retain(|key| key != "EnvironmentFile");
        keys.sort();
        keys
    };
    assert_eq!(keys(&own), keys(&single));
    assert!(instance.contains("metrics.listen"), "two instances on one port: the second would not start");
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

#[test]
fn the_service_can_read_the_settings_where_the_instructions_put_them() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/watchdog.md");
    let guide = fs::read_to_string(guide).expect("the guide");
    for (name, directory) in [("trimtab.service", "/etc/trimtab"), ("trimtab@.service", "/etc/trimtab/savings")] {
        let unit = shipped(name);
        let settings = format!("Environment=TRIMTAB_CONFIG={directory}/trimtab.toml").replace("savings", "%i");
        assert!(unit.contains(&settings) && unit.contains("DynamicUser=yes"), "{name}");
        // The service is nobody that the system knows: the directory is open, what is secret in it is not.
        let made = |line: &&str| line.contains("install -d") && line.split_whitespace().any(|word| word == directory);
        let line = guide.lines().find(made).unwrap_or_else(|| panic!("nothing makes {directory}"));
        assert!(line.contains("-m 0755"), "{name}: {line}");
    }
    for secret in ["-m 0600 ~/.foundry/keystores/NAME /etc/trimtab/keystore.json", "umask 077"] {
        assert!(guide.contains(secret), "{secret}");
    }
}
