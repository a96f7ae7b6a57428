//! `fetch`, in the languages that have it: an activity fetches what its module may reach, and a workflow is
//! told to have that done.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Barrier};

use serde_json::{Value, json};
use support::{Client, Failure, Host};

use super::module_of;

/// Serves HTTP on a free port, and returns where.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let meeting = Arc::new(Barrier::new(2));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let meeting = Arc::clone(&meeting);
            std::thread::spawn(move || answer(stream.unwrap(), &meeting));
        }
    });
    format!("localhost:{port}")
}

fn answer(mut stream: TcpStream, meeting: &Barrier) {
    let request = read_request(&mut stream);
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (head, body) = match path.split('?').next().unwrap_or_default() {
        "/moved" => ("302 Found\r\nlocation: /echo?moved".to_owned(), String::new()),
        "/kept" => ("307 Temporary Redirect\r\nlocation: echo".to_owned(), String::new()),
        "/round" => ("301 Moved Permanently\r\nlocation: /round".to_owned(), String::new()),
        // Who is the first waits for the other.
        "/meet" => {
            meeting.wait();
            ("200 OK".to_owned(), json!(path).to_string())
        }
        "/never" => {
            let _ = stream.read(&mut [0]);
            return;
        }
        "/count" => {
            let body = request.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
            ("200 OK".to_owned(), body.to_string())
        }
        "/missing" => ("404 Not Found".to_owned(), "nothing".to_owned()),
        _ => ("200 OK\r\nx-answered: yes".to_owned(), request),
    };
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
}

/// Reads a request, with as much of a body as it says.
fn read_request(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut request, mut length) = (String::new(), 0);
    while !request.ends_with("\r\n\r\n") {
        let begin = request.len();
        if reader.read_line(&mut request).unwrap_or(0) == 0 {
            break;
        }
        if let Some(value) = request[begin..].strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    request + &String::from_utf8_lossy(&body)
}

struct Guest {
    host: Host,
    language: &'static str,
    server: String,
}

impl Guest {
    /// A host with the guest of a language, which may reach a server.
    fn start(language: &'static str) -> Option<Self> {
        let module = module_of("guest", language)?;
        let guest = Self { host: Host::sharing_compiled_modules(&[]), language, server: server() };
        guest.client().upload("guest", &module);
        guest.allow(&[&guest.server]);
        Some(guest)
    }

    fn client(&self) -> Client {
        self.host.client()
    }

    fn allow(&self, destinations: &[&str]) {
        let body = json!({ "network": destinations }).to_string();
        let path = "/v1.0/modules/guest/permissions";
        self.client().send("PUT", path, body.as_bytes()).expect(200);
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server)
    }

    fn start_activity(&self, id: &str, activity: &str, input: &Value) {
        let child = format!("{}.echo", self.language);
        let call = json!({ "activity": activity, "child": child, "input": input });
        self.client().start(&format!("{}.call", self.language), id, &call.to_string());
    }

    fn output(&self, id: &str, activity: &str, input: &Value) -> Value {
        self.start_activity(id, activity, input);
        self.client().output_of(id)["activity"].take()
    }

    fn failure(&self, id: &str, input: &Value) -> Failure {
        self.start_activity(id, "fetch", input);
        self.client().failure_of(id)
    }
}

fn text(output: &Value) -> &str {
    output["text"].as_str().unwrap()
}

#[test]
fn an_activity_fetches() {
    for language in ["js", "ts"] {
        let Some(guest) = Guest::start(language) else { return };
        let got = guest.output("get", "fetch", &json!({ "url": guest.url("/echo?a=b#c") }));
        let expected = (&json!(200), &json!(true), &json!("yes"), &json!(guest.url("/echo?a=b")));
        assert_eq!((&got["status"], &got["ok"], &got["answered"], &got["url"]), expected);
        assert!(text(&got).starts_with("GET /echo?a=b HTTP/1.1\r\n"), "{got}");
        assert!(text(&got).contains(&format!("\r\nhost: {}\r\n", guest.server)), "{got}");
        let missing = guest.output("missing", "fetch", &json!({ "url": guest.url("/missing") }));
        assert_eq!((&missing["status"], &missing["ok"]), (&json!(404), &json!(false)));
        assert_eq!(text(&missing), "nothing");
    }
}

#[test]
fn what_is_sent_arrives() {
    let Some(guest) = Guest::start("js") else { return };
    let url = guest.url("/echo");
    let headers = json!({ "X-Key": "7", "Content-Type": "text/x" });
    let input = json!({ "url": url, "method": "post", "headers": headers, "body": "h\u{e4}llo" });
    let posted = guest.output("posted", "fetch", &input);
    let sent = text(&posted);
    assert!(sent.starts_with("POST /echo HTTP/1.1\r\n") && sent.ends_with("\r\n\r\nh\u{e4}llo"));
    for header in ["x-key: 7", "content-type: text/x", "content-length: 6"] {
        assert!(sent.contains(&format!("\r\n{header}\r\n")), "{sent}");
    }
    // More than goes out at once.
    let count = 2_000_000;
    let input = json!({ "url": guest.url("/count"), "method": "PUT", "bytes": count });
    assert_eq!(text(&guest.output("counted", "fetch", &input)), count.to_string());
    let (method, url) = ("PATCH", guest.url("/echo"));
    let input = json!({ "url": url, "method": method, "bytes": 3 });
    let patched = guest.output("patched", "fetch", &input);
    assert!(text(&patched).ends_with("\r\n\r\nxxx"), "{patched}");
}

#[test]
fn requests_are_under_way_at_once() {
    let Some(guest) = Guest::start("js") else { return };
    let both = json!([guest.url("/meet?1"), guest.url("/meet?2")]);
    assert_eq!(guest.output("both", "fetch-all", &both), json!(["/meet?1", "/meet?2"]));
    let late = guest.output("late", "fetch-late", &json!(guest.url("/never")));
    assert_eq!(late, json!("TimeoutError"), "a timer goes on while a request waits");
}

#[test]
fn redirects_are_followed_as_browsers_do() {
    let Some(guest) = Guest::start("js") else { return };
    let post = |path: &str| json!({ "url": guest.url(path), "method": "POST", "body": "x" });
    let moved = guest.output("moved", "fetch", &post("/moved"));
    assert!(text(&moved).starts_with("GET /echo?moved HTTP/1.1\r\n"), "{moved}");
    assert!(!text(&moved).contains("content-"), "without what it was to send: {moved}");
    let expected = (&json!(true), &json!(guest.url("/echo?moved")));
    assert_eq!((&moved["redirected"], &moved["url"]), expected);
    let kept = guest.output("kept", "fetch", &post("/kept"));
    assert!(text(&kept).starts_with("POST /echo HTTP/1.1\r\n"), "{kept}");
    assert!(text(&kept).ends_with("\r\n\r\nx"), "{kept}");

    let asked = |redirect: &str| json!({ "url": guest.url("/moved"), "redirect": redirect });
    assert_eq!(guest.output("manual", "fetch", &asked("manual"))["status"], json!(302));
    for (id, input) in [("error", asked("error")), ("round", json!({ "url": guest.url("/round") }))]
    {
        let Failure { error_type, message, .. } = guest.failure(id, &input);
        assert_eq!(error_type, "TypeError");
        assert!(message.contains("redirected"), "{message}");
    }
}

#[test]
fn what_is_denied_says_how_to_allow_it() {
    let Some(guest) = Guest::start("js") else { return };
    guest.allow(&["localhost:1"]);
    let Failure { error_type, message, .. } =
        guest.failure("denied", &json!({ "url": guest.url("/echo?secret") }));
    assert_eq!(error_type, "TypeError");
    for part in [&guest.server, "\"network\"", "PUT /v1.0/modules/guest/permissions"] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains("secret"), "{message}");
    let nobody = guest.failure("nobody", &json!({ "url": "http://localhost:1/" }));
    assert_eq!(nobody.error_type, "TypeError");
    assert!(nobody.message.contains("connection-refused"), "{}", nobody.message);
}

#[test]
fn a_workflow_is_told_to_use_an_activity() {
    let Some(guest) = Guest::start("js") else { return };
    let client = guest.client();
    client.start("js.fetch", "it", &json!(guest.url("/echo")).to_string());
    let Failure { error_type, message, .. } = client.failure_of("it");
    assert_eq!(error_type, "not-in-workflow");
    assert!(message.contains("in an activity"), "{message}");
}
