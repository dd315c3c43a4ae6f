//! Something between the program and its node that passes calls on, delays, forges or loses them.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::expect_used, clippy::panic)]

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

/// What becomes of one call.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Goes to the node as it is.
    Pass,
    /// Another question goes to the node instead.
    Ask(&'static str, Value),
    /// The question goes to another node, with these parameters.
    Elsewhere(String, Value),
    /// An answer that the node never gave.
    Result(Value),
    /// An error that the node never gave.
    Error(i64, &'static str),
    /// An HTTP status, with `Retry-After` seconds.
    Status(u16, u64),
    /// This body, whatever was asked; `{id}` in it is the question's.
    Body(Vec<u8>),
    /// This body again and again, without end.
    Endless(&'static str),
    /// The node hears it; its answer is lost.
    LoseAnswer,
    /// The node answers, and the connection breaks in the middle of the answer.
    HalfAnswer,
    /// Nobody hears it, and nothing is answered until the caller gives up.
    Silence,
}

type Script = dyn FnMut(&str, &Value) -> Verdict + Send;

struct Shared {
    node: String,
    script: Mutex<Box<Script>>,
    calls: Mutex<Vec<(String, Value)>>,
    silent: Mutex<Vec<TcpStream>>,
    depths: Mutex<Depths>,
}

/// How many questions lie one behind the other.
#[derive(Default)]
struct Depths {
    /// How long each answer is kept, so that what is asked side by side is there before any is answered.
    hold: Duration,
    answered: usize,
    by_method: Vec<(String, usize)>,
}

/// A proxy on loopback that follows a script.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    pub fn before(node: &str, script: impl FnMut(&str, &Value) -> Verdict + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("address");
        let node = authority(node).to_owned();
        let shared = Arc::new(Shared {
            node,
            script: Mutex::new(Box::new(script)),
            calls: Mutex::default(),
            silent: Mutex::default(),
            depths: Mutex::default(),
        });
        let served = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = served.clone();
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self { address, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Keeps every answer for a while from now on, and counts anew how many questions lie one behind the other.
    pub fn count_depths(&self, hold: Duration) {
        *self.shared.depths.lock().expect("depths") = Depths { hold, ..Depths::default() };
    }

    /// Every call since then, with how many questions had to be answered before it and itself.
    pub fn depths(&self) -> Vec<(String, usize)> {
        self.shared.depths.lock().expect("depths").by_method.clone()
    }

    /// How often a method was called.
    pub fn count(&self, method: &str) -> usize {
        self.shared.calls.lock().expect("calls").iter().filter(|(called, _)| called == method).count()
    }

    /// The parameters of every call of a method.
    pub fn calls(&self, method: &str) -> Vec<Value> {
        let calls = self.shared.calls.lock().expect("calls");
        calls.iter().filter(|(called, _)| called == method).map(|(_, params)| params.clone()).collect()
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let Ok(clone) = stream.try_clone() else { return };
        let mut reader = BufReader::new(clone);
        while let Ok(Some(body)) = read_message(&mut reader) {
            let Ok(mut call) = serde_json::from_slice::<Value>(&body) else { return };
            let method = call["method"].as_str().unwrap_or_default().to_owned();
            self.calls.lock().expect("calls").push((method.clone(), call["params"].clone()));
            let (depth, hold) = {
                let mut depths = self.depths.lock().expect("depths");
                let depth = depths.answered + 1;
                depths.by_method.push((method.clone(), depth));
                (depth, depths.hold)
            };
            let verdict = (self.script.lock().expect("script"))(&method, &call["params"]);
            let id = call["id"].clone();
            let own = |body: Value| respond(200, 0, body.to_string().as_bytes());
            let answer = match verdict {
                Verdict::Pass => forward(&self.node, &call),
                Verdict::Ask(method, params) => {
                    call["method"] = json!(method);
                    call["params"] = params;
                    forward(&self.node, &call)
                }
                Verdict::Elsewhere(node, params) => {
                    call["params"] = params;
                    forward(authority(&node), &call)
                }
                Verdict::Result(result) => Ok(own(json!({"jsonrpc": "2.0", "id": id, "result": result}))),
                Verdict::Error(code, message) => {
                    Ok(own(json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})))
                }
                Verdict::Status(status, wait) => Ok(respond(status, wait, b"")),
                Verdict::Body(body) => Ok(respond(200, 0, &named(body, &id))),
                Verdict::Endless(part) => {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
                    let part = part.repeat(65_536 / part.len().max(1));
                    while stream.write_all(part.as_bytes()).is_ok() {}
                    return;
                }
                Verdict::LoseAnswer => {
                    let _ = forward(&self.node, &call);
                    return;
                }
                Verdict::HalfAnswer => {
                    if let Ok(answer) = forward(&self.node, &call) {
                        let _ = stream.write_all(&answer[..answer.len() * 2 / 3]);
                    }
                    return;
                }
                Verdict::Silence => {
                    self.silent.lock().expect("silent").push(stream);
                    return;
                }
            };
            thread::sleep(hold);
            {
                let mut depths = self.depths.lock().expect("depths");
                depths.answered = depths.answered.max(depth);
            }
            if answer.and_then(|answer| stream.write_all(&answer)).is_err() {
                return;
            }
        }
    }
}

/// A body with the question's id where it says `{id}`.
fn named(body: Vec<u8>, id: &Value) -> Vec<u8> {
    match String::from_utf8(body) {
        Ok(text) if text.len() < 4_096 => text.replace("{id}", &id.to_string()).into_bytes(),
        Ok(text) => text.into_bytes(),
        Err(raw) => raw.into_bytes(),
    }
}

fn authority(url: &str) -> &str {
    url.trim_start_matches("http://").trim_end_matches('/')
}

fn forward(node: &str, call: &Value) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(node)?;
    let body = call.to_string();
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {node}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let answer = read_message(&mut BufReader::new(stream))?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(respond(200, 0, &answer))
}

fn respond(status: u16, wait: u64, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\nretry-after: {wait}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// The body of one HTTP message that says its length; `None` at the end of the stream.
fn read_message(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = 0;
    let mut first = true;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return if first { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        first = false;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(body))
}
