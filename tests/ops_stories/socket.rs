//! Commands beside the daemon, and those who are no command of ours.

use std::{
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use alloy::primitives::Address;
use rust_decimal::Decimal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    sync::Notify,
};
use trimtab::{
    config::SocketConfig,
    strategy::GovernorState,
    trade::{Ask, FlattenReport, ORDER_SCHEMA, Order, Prediction, Which},
    units::Secs,
    watchdog::ops::{
        Answer, DaemonClient, DaemonSocket, DaemonStatus, FlattenWith, Governed, PaperWith, Pause, Refused, Reply,
        Request, Requests, SOCKET_SCHEMA, SocketError, Status, Submit, WatchedStatus, socket_path,
    },
};

use super::{DEADLINE, until};

/// A daemon that remembers what it was asked.
#[derive(Debug, Default)]
struct Daemon {
    paused: AtomicBool,
    submitted: AtomicU32,
    begun: Notify,
    go_on: Notify,
    order: std::sync::Mutex<Option<Order>>,
}

impl Daemon {
    fn govern(&self, paused: bool) -> Reply {
        let was_paused = self.paused.swap(paused, Ordering::SeqCst);
        let governor = GovernorState { paused, ..GovernorState::new(Decimal::ONE, Secs(1)) };
        Reply::Governed(Governed { governor, was_paused })
    }
}

impl Requests for Daemon {
    async fn answer(&self, request: Request) -> Answer {
        match request {
            Request::Status => {
                let paused = self.paused.load(Ordering::SeqCst);
                let watched = WatchedStatus { account: Address::ZERO, can_act: true, paused, turn: Value::Null };
                Ok(Reply::Status(DaemonStatus { head: None, shadow: false, accounts: vec![watched] }))
            }
            Request::Pause(_) => Ok(self.govern(true)),
            Request::Resume(_) => Ok(self.govern(false)),
            Request::Submit(with) => {
                *self.order.lock().expect("order") = Some(with.order);
                self.submitted.fetch_add(1, Ordering::SeqCst);
                Err(Refused::new(4, "health factor after opening 1.107 is below the floor 1.230"))
            }
            Request::Flatten(_) => {
                self.begun.notify_one();
                self.go_on.notified().await;
                self.submitted.fetch_add(100, Ordering::SeqCst);
                Ok(Reply::Flattened(FlattenReport::default()))
            }
            Request::Reload => panic!("a bug in the daemon"),
            other => Err(Refused::new(2, format!("not here: {}", other.name()))),
        }
    }
}

struct Desk {
    directory: TempDir,
    config: SocketConfig,
    daemon: Arc<Daemon>,
    socket: DaemonSocket,
}

impl Desk {
    fn open(config: SocketConfig) -> Self {
        let directory = tempfile::tempdir().expect("directory");
        let path = path(&directory);
        let daemon = Arc::new(Daemon::default());
        let socket = DaemonSocket::listen(&path, &config, daemon.clone()).expect("socket");
        Self { directory, config, daemon, socket }
    }

    async fn client(&self) -> DaemonClient {
        let client = DaemonClient::connect(self.socket.path(), &self.config).await;
        client.expect("reachable").expect("a daemon is there")
    }

    async fn raw(&self) -> BufReader<UnixStream> {
        BufReader::new(UnixStream::connect(self.socket.path()).await.expect("connected"))
    }
}

fn path(directory: &TempDir) -> PathBuf {
    directory.path().join("run/base.sock")
}

fn order() -> Order {
    Order {
        schema: ORDER_SCHEMA,
        id: "01J00000000000000000000000".parse().expect("an id"),
        network: "replica-1".to_owned(),
        account: Address::repeat_byte(1),
        block: 1,
        planned_at: Secs(3),
        ask: Ask::Revoke(Which::Of(vec!["USDC\nat 3x …".to_owned()])),
        predicted: Prediction { figures: Vec::new(), costs: Vec::new() },
    }
}

async fn say(stream: &mut BufReader<UnixStream>, line: &[u8]) -> Value {
    stream.get_mut().write_all(line).await.expect("written");
    hear(stream).await
}

async fn hear(stream: &mut BufReader<UnixStream>) -> Value {
    let mut line = String::new();
    tokio::time::timeout(DEADLINE, stream.read_line(&mut line)).await.expect("in time").expect("an answer");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

#[tokio::test]
async fn a_command_asks_pauses_and_hands_over_its_order_unchanged() {
    let desk = Desk::open(SocketConfig::default());
    let mut client = desk.client().await;
    let pong = client.ping().await.expect("pong");
    assert_eq!((pong.pid, pong.version.as_str()), (std::process::id(), env!("CARGO_PKG_VERSION")));
    let is_paused = async |client: &mut DaemonClient| client.ask(Status).await.expect("status").accounts[0].paused;
    assert!(!is_paused(&mut client).await);
    let governed = client.ask(Pause(PaperWith::default())).await.expect("paused");
    assert!(governed.governor.paused && !governed.was_paused);
    assert!(is_paused(&mut desk.client().await).await);
    let refused = client.ask(Submit { order: order(), unchecked_price: false }).await.expect_err("refused");
    assert_eq!(refused.exit_code(), 4, "the daemon's exit code becomes the command's");
    assert!(refused.to_string().contains("1.107 is below the floor 1.230"), "{refused}");
    assert_eq!(*desk.daemon.order.lock().expect("order"), Some(order()), "the same order arrived");
}

#[tokio::test]
async fn the_socket_is_the_users_own_and_goes_with_the_daemon() {
    let desk = Desk::open(SocketConfig::default());
    let path = desk.socket.path().to_owned();
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().expect("directory"))), (0o600, 0o700));
    let Desk { directory, config, daemon, socket } = desk;
    drop(socket);
    assert!(!path.exists());
    assert!(DaemonClient::connect(&path, &config).await.expect("fine").is_none(), "no daemon is no error");
    let again = DaemonSocket::listen(&path, &config, daemon).expect("the place is free");
    assert_eq!(std::fs::read_dir(path.parent().expect("directory")).expect("directory").count(), 1, "nothing is left");
    drop((again, directory));
}

#[tokio::test]
async fn a_second_daemon_is_refused_and_a_dead_ones_socket_is_taken_over() {
    let desk = Desk::open(SocketConfig::default());
    let path = desk.socket.path().to_owned();
    let second = DaemonSocket::listen(&path, &desk.config, desk.daemon.clone()).expect_err("refused");
    assert!(matches!(second, SocketError::Taken(_)) && second.exit_code() == 9, "{second}");
    assert!(desk.client().await.ping().await.is_ok(), "the first one goes on");

    // A killed process leaves its socket file without anybody behind it.
    let other = desk.directory.path().join("run/dead.sock");
    drop(std::os::unix::net::UnixListener::bind(&other).expect("socket"));
    assert!(std::fs::symlink_metadata(&other).expect("left").file_type().is_socket());
    let taken = DaemonSocket::listen(&other, &desk.config, desk.daemon.clone()).expect("taken over");
    let mut client = DaemonClient::connect(taken.path(), &desk.config).await.expect("fine").expect("a daemon");
    assert!(client.ping().await.is_ok());
}

#[tokio::test]
async fn a_place_that_is_not_ours_alone_is_refused_and_nothing_there_is_harmed() {
    let directory = tempfile::tempdir().expect("directory");
    let config = SocketConfig::default();
    let listen = |path: &Path| DaemonSocket::listen(path, &config, Arc::new(Daemon::default()));
    let file = directory.path().join("journal.sqlite");
    std::fs::write(&file, "precious").expect("written");
    let refused = listen(&file).expect_err("a file");
    assert!(refused.exit_code() == 3 && refused.to_string().contains("no socket stands there"), "{refused}");
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), "precious");
    let open = directory.path().join("open");
    std::fs::create_dir(&open).expect("directory");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).expect("mode");
    let refused = listen(&open.join("a.sock")).expect_err("others may write there");
    assert!(refused.to_string().contains("mode 777"), "{refused}");
    let long = directory.path().join("x".repeat(120)).join("a.sock");
    let refused = listen(&long).expect_err("too long");
    assert!(matches!(refused, SocketError::TooLong { .. }) && refused.to_string().contains("socket.path"), "{refused}");
}

#[tokio::test]
async fn garbage_is_answered_with_what_is_wrong_and_the_connection_goes_on() {
    let desk = Desk::open(SocketConfig::default());
    let mut stream = desk.raw().await;
    for garbage in ["GET / HTTP/1.1\n", "\n", "{\"schema\":1}\n", "{\"schema\":99,\"request\":\"x\"}\n", "\u{0}\u{1}\n"]
    {
        let answer = say(&mut stream, garbage.as_bytes()).await;
        assert_eq!(answer["schema"], SOCKET_SCHEMA);
        assert_eq!(answer["error"]["exit"], 2, "{garbage:?}: {answer}");
    }
    let answer = say(&mut stream, b"{\"schema\":1,\"request\":\"ping\"}\n").await;
    assert_eq!(answer["ok"]["pid"], std::process::id());
    // A crash of the daemon's own code is an answer too, and the next request is served.
    let answer = say(&mut stream, b"{\"schema\":1,\"request\":\"reload\"}\n").await;
    assert_eq!(answer["error"]["exit"], 7, "{answer}");
    assert!(desk.client().await.ask(Status).await.is_ok());
}

#[tokio::test]
async fn a_line_without_end_is_refused_and_a_client_that_says_nothing_is_left() {
    let desk = Desk::open(SocketConfig::default());
    let mut endless = desk.raw().await;
    let chunk = vec![b'x'; 64 * 1024];
    // The daemon stops reading at its limit; what is written after that may fail.
    while endless.get_mut().write_all(&chunk).await.is_ok() {
        if !endless.buffer().is_empty() {
            break;
        }
        let ready = tokio::time::timeout(Duration::from_millis(1), endless.fill_buf()).await;
        if matches!(ready, Ok(Ok(bytes)) if !bytes.is_empty()) {
            break;
        }
    }
    let answer = hear(&mut endless).await;
    assert!(answer["error"]["message"].as_str().expect("why").contains("at most 4194304 bytes"), "{answer}");
    let impatient = Desk::open(SocketConfig { timeout: Duration::from_millis(300), ..SocketConfig::default() });
    let mut silent = impatient.raw().await;
    silent.get_mut().write_all(b"{\"schema\":1,").await.expect("half a line");
    let mut rest = Vec::new();
    let end = tokio::time::timeout(DEADLINE, silent.read_to_end(&mut rest)).await.expect("it is left");
    assert_eq!(end.expect("closed"), 0);
}

#[tokio::test]
async fn work_goes_on_when_its_client_goes_away_and_a_late_answer_is_called_unknown() {
    let config = SocketConfig { answer_timeout: Duration::from_millis(100), ..SocketConfig::default() };
    let desk = Desk::open(config);
    let mut client = desk.client().await;
    let late = client.ask(FlattenWith::default()).await.expect_err("late");
    assert_eq!(late.exit_code(), 7, "{late}");
    assert!(late.to_string().contains("goes on"), "{late}");
    assert!(client.ping().await.is_ok(), "the connection still serves");
    drop(client);
    desk.daemon.begun.notified().await;
    desk.daemon.go_on.notify_one();
    until("the work to be done", || async { (desk.daemon.submitted.load(Ordering::SeqCst) == 100).then_some(()) })
        .await;
}

#[tokio::test]
async fn many_clients_are_served_at_once_and_more_than_that_are_told_so() {
    let config = SocketConfig { max_clients: 20, ..SocketConfig::default() };
    let desk = Desk::open(config);
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = desk.client().await;
        client.ping().await.expect("served");
        clients.push(client);
    }
    let crowded = desk.client().await.ping().await.expect_err("too many");
    assert!(crowded.to_string().contains("socket.max_clients"), "{crowded}");
    let asked = clients.into_iter().map(|mut client| {
        tokio::spawn(async move {
            client.ask(Submit { order: order(), unchecked_price: false }).await.expect_err("refused")
        })
    });
    for answer in asked.collect::<Vec<_>>() {
        assert_eq!(answer.await.expect("task").exit_code(), 4);
    }
    assert_eq!(desk.daemon.submitted.load(Ordering::SeqCst), 20);
    until("room again", || async { desk.client().await.ping().await.ok() }).await;
}

#[test]
fn the_socket_is_beside_the_journal_unless_the_user_says_where() {
    let journal = Path::new("/data/journal/base/0xabc.sqlite");
    assert_eq!(socket_path(&SocketConfig::default(), journal), Path::new("/data/journal/base/0xabc.sock"));
    let own = SocketConfig { path: Some("/run/trimtab/a.sock".into()), ..SocketConfig::default() };
    assert_eq!(socket_path(&own, journal), Path::new("/run/trimtab/a.sock"));
}

#[tokio::test]
async fn a_daemon_whose_journal_lies_deep_in_a_home_is_reached() {
    let directory = tempfile::tempdir().expect("directory");
    let home = directory.path().join("home").join("n".repeat(80));
    std::fs::create_dir_all(&home).expect("directory");
    let journal = home.join("replica-fd69fe4cb86b").join(format!("0x{}.sqlite", "a".repeat(40)));
    let config = SocketConfig::default();
    let path = socket_path(&config, &journal);
    assert!(path.as_os_str().len() < 100 && !path.starts_with(directory.path()), "{}", path.display());
    let _socket = DaemonSocket::listen(&path, &config, Arc::new(Daemon::default())).expect("listens");
    let mut client =
        DaemonClient::connect(&socket_path(&config, &journal), &config).await.expect("fine").expect("there");
    client.ping().await.expect("answers");
}

/// What an older or newer daemon might say: whatever was asked for is perhaps done, and the command says so.
#[tokio::test]
async fn an_answer_of_another_shape_is_unknown_when_something_was_to_change() {
    let directory = tempfile::tempdir().expect("directory");
    let path = directory.path().join("other.sock");
    let listener = tokio::net::UnixListener::bind(&path).expect("a socket");
    let config = SocketConfig::default();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (reader, mut writer) = stream.split();
            let mut lines = BufReader::new(reader).lines();
            while let Ok(Some(_)) = lines.next_line().await {
                let _ = writer.write_all(b"{\"schema\":1,\"ok\":{\"exit\":0,\"orders\":[{\"id\":\"7\"}]}}\n").await;
            }
        }
    });
    let mut client = DaemonClient::connect(&path, &config).await.expect("reachable").expect("somebody");
    let unread =
        client.ask(Submit { order: order(), unchecked_price: false }).await.expect_err("not an answer to that");
    assert_eq!(unread.exit_code(), 7, "{unread}");
    assert!(unread.to_string().contains("may be done: look with `trimtab journal list`"), "{unread}");
    let unread = client.ask(Status).await.expect_err("not an answer to that");
    assert_eq!(unread.exit_code(), 3, "{unread}");
}
