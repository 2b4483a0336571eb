//! Something between the devices and the hub that loses, doubles and answers requests, as it is told.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::step::Network;

/// A proxy that listens on loopback until it is dropped.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    hub: Mutex<Option<SocketAddr>>,
    trouble: Mutex<Option<Armed>>,
    is_over: AtomicBool,
}

/// What is to happen to requests, and how many there were since.
#[derive(Clone, Copy)]
struct Armed {
    fault: Network,
    from: usize,
    to: usize,
    seen: usize,
}

impl Proxy {
    /// One between the devices and `hub`.
    pub fn start(hub: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State { hub: Mutex::new(Some(hub)), ..State::default() });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for connection in listener.incoming() {
                if shared.is_over.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || connection.and_then(|connection| serve(connection, &shared)));
            }
        });
        Self { address, state }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on, requests `from` to `to`, counted from 1, meet `fault`.
    pub fn arm(&self, fault: Network, from: usize, to: usize) {
        *self.state.trouble.lock().unwrap() = Some(Armed { fault, from, to, seen: 0 });
    }

    /// From now on nothing happens to requests.
    pub fn disarm(&self) {
        *self.state.trouble.lock().unwrap() = None;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        // So that it wakes and sees.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut client: TcpStream, state: &State) -> io::Result<()> {
    client.set_read_timeout(Some(Duration::from_mins(1)))?;
    loop {
        let request = read_message(&mut client)?;
        let fault = state.trouble.lock().unwrap().as_mut().and_then(|armed| {
            armed.seen += 1;
            (armed.from..=armed.to).contains(&armed.seen).then_some(armed.fault)
        });
        let hub = state.hub.lock().unwrap().unwrap();
        let forward = || forward(hub, &request);
        let answer = match fault {
            None => forward()?,
            Some(Network::Lost) => return Ok(()),
            Some(Network::Unanswered) => return forward().map(drop),
            Some(Network::Doubled) => {
                forward()?;
                forward()?
            }
            Some(Network::Refused(status)) => answer(status, r#"{"detail":"no"}"#),
            Some(Network::Replaced(status)) => {
                forward()?;
                answer(status, r#"{"detail":"no"}"#)
            }
            Some(Network::Garbled) => answer(200, "<html>Please sign in</html>"),
            Some(Network::Truncated) => {
                let whole = forward()?;
                client.write_all(&whole[..whole.len() * 2 / 3])?;
                return Ok(());
            }
        };
        client.write_all(&answer)?;
    }
}

fn answer(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    // At once, or every retry would take a second.
    format!("HTTP/1.1 {status} No\r\ncontent-type: application/json\r\nretry-after: 0\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// Sends a request to the hub on a connection of its own; all of the answer.
fn forward(hub: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut hub = TcpStream::connect(hub)?;
    hub.set_read_timeout(Some(Duration::from_mins(1)))?;
    hub.write_all(request)?;
    read_message(&mut hub)
}

/// A request or an answer, head and body, as it came.
fn read_message(from: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            break end + 4;
        }
        more(from, &mut bytes)?;
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if field("transfer-encoding:").is_some_and(|value| value.contains("chunked")) {
        while !bytes[head..].ends_with(b"0\r\n\r\n") {
            more(from, &mut bytes)?;
        }
    } else {
        let length: usize = field("content-length:").and_then(|value| value.parse().ok()).unwrap_or(0);
        while bytes.len() < head + length {
            more(from, &mut bytes)?;
        }
    }
    Ok(bytes)
}

fn more(from: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 16_384];
    match from.read(&mut buffer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            bytes.extend_from_slice(&buffer[..count]);
            Ok(())
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
