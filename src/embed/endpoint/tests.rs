//! Endpoints that answer in their own order, fail, stall, lie or tell what they were sent.

use serde_json::{Value, json};

use super::*;
use crate::remote::tests::{Asked, Reply, Server, tls};

const KEY: &str = "sk-hunter2";

/// An endpoint that loses no time between its requests.
fn endpoint(url: &str) -> Endpoint {
    let patience = Patience {
        answer: Duration::from_secs(5),
        whole: Duration::from_mins(1),
        retries: 2,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_secs(3),
    };
    Endpoint { patience, ..Endpoint::new(url, Some("tiny"), Some(KEY)) }
}

/// The texts of a request.
fn texts(asked: &Asked) -> Vec<String> {
    serde_json::from_value(asked.body["input"].clone()).unwrap()
}

/// A vector for a text that is a number.
fn item(text: &str) -> Value {
    json!({"object": "embedding", "embedding": [text.parse::<f32>().unwrap(), 0.5]})
}

/// One item for each text, in the order of the texts, without their indices.
fn items(asked: &Asked) -> Vec<Value> {
    texts(asked).iter().map(|text| item(text)).collect()
}

fn numbered(mut items: Vec<Value>) -> Vec<Value> {
    for (index, item) in items.iter_mut().enumerate() {
        item["index"] = index.into();
    }
    items
}

/// What comes of asking for the vectors of `0` and `1` where the first answers are `replies`, and how many requests
/// that took.
fn ask(replies: Vec<Reply>) -> (Result<Vec<Vec<f32>>, Error>, usize) {
    let mut replies = replies.into_iter();
    let server = Server::start(move |asked| {
        replies.next().unwrap_or_else(|| Reply::Json(json!({"data": items(asked)})))
    });
    let answer = endpoint(&server.url).vectors(&["0", "1"]);
    (answer, server.asked.lock().unwrap().len())
}

/// An error with its causes, as people see it.
fn words(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

/// What follows the address, which is another in each run.
fn complaint(answer: Result<Vec<Vec<f32>>, Error>) -> String {
    let words = words(&answer.unwrap_err());
    words.split_once("gives no vectors: ").unwrap().1.to_owned()
}

#[test]
fn the_vectors_come_in_the_order_of_the_texts_however_they_are_answered() {
    let answers: [fn(Vec<Value>) -> Vec<Value>; 3] =
        [|items| items, numbered, |items| numbered(items).into_iter().rev().collect()];
    for answer in answers {
        let server = Server::start(move |asked| Reply::Json(json!({"data": answer(items(asked))})));
        let texts: Vec<String> = (0..70_u8).map(|number| number.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let made = endpoint(&server.url).vectors(&texts).unwrap();
        let expected: Vec<Vec<f32>> = (0..70_u8).map(|number| vec![number.into(), 0.5]).collect();
        assert_eq!(made, expected);

        let asked = server.asked.lock().unwrap();
        let sizes: Vec<usize> = asked.iter().map(|asked| super::tests::texts(asked).len()).collect();
        assert_eq!(sizes, [32, 32, 6], "as many at a time as the service sends");
        assert!(asked.iter().all(|asked| asked.body["model"] == "tiny"));
        assert!(asked.iter().all(|asked| asked.authorization.as_deref() == Some("Bearer sk-hunter2")));
    }
}

#[test]
fn no_texts_need_no_endpoint() {
    assert_eq!(endpoint("http://127.0.0.1:1").vectors(&[]).unwrap(), Vec::<Vec<f32>>::new());
}

#[test]
fn an_answer_that_does_not_fit_the_question_is_refused_whole_and_not_asked_for_again() {
    let vector = |index: i64, numbers: Value| json!({"index": index, "embedding": numbers});
    let good = || vector(0, json!([0.5, 0.5]));
    let answers = [
        json!({"data": [good()]}),
        json!({"data": [good(), vector(1, json!([1, 1])), vector(2, json!([1, 1]))]}),
        json!({"data": [good(), good()]}),
        json!({"data": [good(), vector(2, json!([1, 1]))]}),
        json!({"data": [good(), vector(-1, json!([1, 1]))]}),
        json!({"data": [good(), vector(1, json!([]))]}),
        json!({"data": [good(), vector(1, json!([1, 1, 1]))]}),
        json!({"data": [good(), vector(1, json!([1, 1e39]))]}),
        json!({"data": [good(), vector(1, json!([1, null]))]}),
        json!({"data": [good(), vector(1, json!("AACAPw=="))]}),
        json!({"data": [good(), {"index": 1}]}),
        json!({"data": null}),
        json!([]),
    ];
    let complaints = answers.map(|answer| {
        let (answer, requests) = ask(vec![Reply::Json(answer)]);
        assert_eq!(requests, 1);
        complaint(answer)
    });
    insta::assert_snapshot!(complaints.join("\n"), @"
    its answer has 1 vectors for 2 texts
    its answer has 3 vectors for 2 texts
    its answer has two vectors for text 0
    its answer has a vector for text 2, and it was sent 2, counted from 0
    its answer has a vector for text -1, and it was sent 2, counted from 0
    its answer has a vector without numbers
    its answers have vectors of 2 and of 3 numbers
    its answer is no list of vectors (line 1, column 64)
    its answer is no list of vectors (line 1, column 63)
    its answer is no list of vectors (line 1, column 66)
    its answer is no list of vectors (line 1, column 54)
    its answer is no list of vectors (line 1, column 12)
    its answer is no list of vectors (line 1, column 2)
    ");
    let (answer, _) = ask(vec![Reply::Text(r#"{"data":[{"embedding":[NaN]}]}"#.to_owned())]);
    insta::assert_snapshot!(complaint(answer), @"its answer is no list of vectors (line 1, column 24)");
}

#[test]
fn vectors_of_two_lengths_are_refused_across_requests_too() {
    let server = Server::start(|asked| {
        let length = if asked.body["input"].as_array().unwrap().len() == 32 { 2 } else { 3 };
        Reply::Json(
            json!({"data": vec![json!({"embedding": vec![0.5; length]}); if length == 2 { 32 } else { 1 }]}),
        )
    });
    let answer = endpoint(&server.url).vectors(&["a"; 33]);
    insta::assert_snapshot!(complaint(answer), @"its answers have vectors of 2 and of 3 numbers");
}

#[test]
fn rubbish_costs_no_more_than_reading_it() {
    let (answer, requests) = ask(vec![Reply::Text("x".repeat(10_000_000))]);
    insta::assert_snapshot!(complaint(answer), @"its answer is no list of vectors (line 1, column 1)");
    assert_eq!(requests, 1);
    let (answer, requests) = ask(vec![Reply::Text(" ".repeat(LONGEST_ANSWER + 1))]);
    insta::assert_snapshot!(complaint(answer), @"its answer does not end");
    assert_eq!(requests, 1);
}

#[test]
fn a_passing_failure_is_tried_again() {
    let passing = [
        Reply::Status(429, "Retry-After: 0\r\n", Value::Null),
        Reply::Status(408, "", Value::Null),
        Reply::Status(500, "", Value::Null),
        Reply::Status(503, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", Value::Null),
        Reply::Cut,
    ];
    for reply in passing {
        let (answer, requests) = ask(vec![reply]);
        assert_eq!(answer.unwrap(), [[0.0, 0.5], [1.0, 0.5]]);
        assert_eq!(requests, 2);
    }
}

#[test]
fn a_lasting_failure_ends_after_the_retries_and_some_are_not_worth_one() {
    let (answer, requests) =
        ask((0..9).map(|_| Reply::Status(503, "", json!({"detail": "loading"}))).collect());
    insta::assert_snapshot!(complaint(answer), @"it answered 503 Service Unavailable: loading");
    assert_eq!(requests, 3);
    let (answer, requests) = ask(vec![Reply::Status(429, "Retry-After: 3600\r\n", Value::Null)]);
    insta::assert_snapshot!(complaint(answer), @"it answered 429 Too Many Requests: null");
    assert_eq!(requests, 1, "an hour is longer than anybody waits");
    let unknown = json!({"error": {"message": "model 'tiny' not found\n\u{1b}[31m", "type": "invalid"}});
    let (answer, requests) = ask(vec![Reply::Status(404, "", unknown)]);
    insta::assert_snapshot!(complaint(answer), @"it answered 404 Not Found: model 'tiny' not found [31m");
    assert_eq!(requests, 1);
    let answer = endpoint("http://127.0.0.1:1/v1/embeddings").vectors(&["a"]);
    assert!(words(&answer.unwrap_err()).starts_with(
        "the embedding endpoint http://127.0.0.1:1/v1/embeddings gives no vectors: it cannot be reached"
    ));
}

#[test]
fn silence_is_waited_for_no_longer_than_the_service_waits() {
    let server = Server::start(|_| Reply::Silence);
    let mut endpoint = endpoint(&server.url);
    assert_eq!(Patience::default().answer, Duration::from_secs(30));
    endpoint.patience.answer = Duration::from_millis(20);
    insta::assert_snapshot!(complaint(endpoint.vectors(&["a"])), @"it cannot be reached, or fell silent: error sending request: operation timed out");
    assert_eq!(server.asked.lock().unwrap().len(), 1, "a proof must not take as long as all retries");
}

#[test]
fn retries_end_after_a_while_however_each_of_them_goes() {
    let server = Server::start(|_| Reply::Status(503, "Retry-After: 3\r\n", Value::Null));
    let mut endpoint = endpoint(&server.url);
    endpoint.patience.whole = Duration::from_millis(20);
    insta::assert_snapshot!(complaint(endpoint.vectors(&["a"])), @"it fails again and again");
}

#[test]
fn a_redirect_is_not_followed() {
    let other = Server::start(|asked| Reply::Json(json!({"data": items(asked)})));
    let place: &'static str = format!("Location: {}\r\n", other.url).leak();
    for status in [301, 302, 307, 308] {
        let (answer, requests) = ask(vec![Reply::Status(status, place, Value::Null)]);
        assert!(complaint(answer).starts_with(&format!("it answered {status}")));
        assert_eq!(requests, 1);
    }
    assert!(other.asked.lock().unwrap().is_empty(), "the key must not reach another host");
}

#[test]
fn the_key_and_what_an_address_hides_show_nowhere() {
    let server = Server::start(|asked| {
        let told = format!("no access for {:?}", asked.authorization);
        Reply::Status(401, "", json!({"error": {"message": told}}))
    });
    let with_key = endpoint(&server.url);
    let url = server.url.replace("http://", "http://ada:pa55word@") + "/v1/embeddings?key=pa55word";
    let with_password = endpoint(&url);
    for endpoint in [with_key, with_password] {
        let error = endpoint.vectors(&["a"]).unwrap_err();
        let shown = format!("{}\n{error:?}\n{endpoint:?}\n{}", words(&error), endpoint.name());
        assert!(shown.contains("401"), "{shown}");
        assert_eq!(endpoint.model(), "tiny");
        for secret in ["hunter2", "pa55word", "YWRhOnBhNTV3b3Jk"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    let asked = server.asked.lock().unwrap();
    let sent: Vec<&str> = asked.iter().filter_map(|asked| asked.authorization.as_deref()).collect();
    assert_eq!(sent, ["Bearer sk-hunter2", "Basic YWRhOnBhNTV3b3Jk"], "as Python's requests does");
}

#[test]
fn settings_that_cannot_be_used_are_told_when_a_vector_is_wanted() {
    for url in ["localhost:8890", "ftp://box/", "pa55word", ""] {
        let error = endpoint(url).vectors(&["a"]).unwrap_err();
        assert_eq!(
            words(&error),
            "the embedding endpoint (no address) gives no vectors: MCP_EXTERNAL_EMBEDDING_URL is no address that begins with http:// or https://"
        );
    }
    let error = Endpoint::new("http://box", None, Some("a\nb")).vectors(&["a"]).unwrap_err();
    insta::assert_snapshot!(words(&error), @"the embedding endpoint (no address) gives no vectors: MCP_EXTERNAL_EMBEDDING_API_KEY holds characters that no key has");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (certificate, key) = tls::self_signed();
    let answer = endpoint(&tls::serve(certificate, key)).vectors(&["a"]);
    assert!(complaint(answer).contains("invalid peer certificate"));
}

#[test]
fn it_can_be_dropped_where_tasks_run() {
    let server = Server::start(|asked| Reply::Json(json!({"data": items(asked)})));
    let endpoint = endpoint(&server.url);
    endpoint.vectors(&["1"]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { drop(endpoint) });
}
