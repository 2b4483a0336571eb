//! What the service's own framework was seen to answer to the same requests.

use axum::body::to_bytes;
use axum::response::IntoResponse;

use super::*;

/// The body of a refusal, its status, and nothing else.
fn shown(failure: Failure) -> String {
    let response = failure.into_response();
    let status = response.status().as_u16();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = runtime.block_on(to_bytes(response.into_body(), usize::MAX)).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    match body["detail"].as_array() {
        Some(problems) => {
            let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
            format!("{status}\n{}", lines.join("\n"))
        }
        None => format!("{status} {body}"),
    }
}

fn body(text: &str) -> Fields {
    Fields::of_body(text.as_bytes(), true).unwrap()
}

#[test]
fn everything_that_is_wrong_is_said_at_once_in_the_order_of_the_questions() {
    let mut body = body(
        r#"{"content":5,"tags":[1,null,"a"],"memory_type":[1],"metadata":[],"conversation_id":null,"store":null}"#,
    );
    body.text("content").required();
    body.texts("tags").or(Vec::new());
    body.text("memory_type").optional();
    body.object("metadata").or(Map::new());
    body.text("conversation_id").optional();
    body.text("store").or(String::new());
    insta::assert_snapshot!(shown(body.finish().unwrap_err()), @r#"
    422
    {"input":5,"loc":["body","content"],"msg":"Input should be a valid string","type":"string_type"}
    {"input":1,"loc":["body","tags",0],"msg":"Input should be a valid string","type":"string_type"}
    {"input":null,"loc":["body","tags",1],"msg":"Input should be a valid string","type":"string_type"}
    {"input":[1],"loc":["body","memory_type"],"msg":"Input should be a valid string","type":"string_type"}
    {"input":[],"loc":["body","metadata"],"msg":"Input should be a valid dictionary","type":"dict_type"}
    {"input":null,"loc":["body","store"],"msg":"Input should be a valid string","type":"string_type"}
    "#);
}

#[test]
fn limits_are_named_in_the_words_and_the_numbers_of_their_type() {
    let mut query = Fields::of_query("page=0&page_size=101");
    query.integer("page").at_least(1).or(1);
    query.integer("page_size").between(1..=100).or(10);
    insta::assert_snapshot!(shown(query.finish().unwrap_err()), @r#"
    422
    {"ctx":{"ge":1},"input":"0","loc":["query","page"],"msg":"Input should be greater than or equal to 1","type":"greater_than_equal"}
    {"ctx":{"le":100},"input":"101","loc":["query","page_size"],"msg":"Input should be less than or equal to 100","type":"less_than_equal"}
    "#);
    let mut body = body(r#"{"n_results":99999999999999999999999,"similarity_threshold":2}"#);
    body.integer("n_results").between(1..=100).or(10);
    body.number("similarity_threshold").between(0.0..=1.0).optional();
    body.number("quality_weight").between(0.0..=1.0).or(0.3);
    insta::assert_snapshot!(shown(body.finish().unwrap_err()), @r#"
    422
    {"ctx":{"le":100},"input":99999999999999999999999,"loc":["body","n_results"],"msg":"Input should be less than or equal to 100","type":"less_than_equal"}
    {"ctx":{"le":1.0},"input":2,"loc":["body","similarity_threshold"],"msg":"Input should be less than or equal to 1","type":"less_than_equal"}
    "#);
}

#[test]
fn what_is_missing_is_shown_with_all_that_is_there() {
    let mut body = body(r#"{"tags":[]}"#);
    body.text("content").required();
    insta::assert_snapshot!(shown(body.finish().unwrap_err()), @r#"
    422
    {"input":{"tags":[]},"loc":["body","content"],"msg":"Field required","type":"missing"}
    "#);
    let mut query = Fields::of_query("a=1");
    query.integer("b").required();
    insta::assert_snapshot!(shown(query.finish().unwrap_err()), @r#"
    422
    {"input":null,"loc":["query","b"],"msg":"Field required","type":"missing"}
    "#);
}

#[test]
fn however_much_is_wrong_the_refusal_is_short() {
    let mut many = body(&json!({ "content": "x", "tags": vec![1; 1_000_000] }).to_string());
    many.texts("tags").or(Vec::new());
    many.boolean("content").or(false);
    assert_eq!(many.problems.len(), MOST_PROBLEMS);
    assert_eq!(many.problems[99]["loc"], json!(["body", "tags", 99]));

    let mut large =
        body(&json!({ "tags": ["é".repeat(LARGEST_INPUT)], "page": vec![1; LARGEST_INPUT] }).to_string());
    large.text("content").required();
    large.integer("page").or(1);
    insta::assert_snapshot!(shown(large.finish().unwrap_err()), @r#"
    422
    {"loc":["body","content"],"msg":"Field required","type":"missing"}
    {"loc":["body","page"],"msg":"Input should be a valid integer","type":"int_type"}
    "#);
}

#[test]
fn a_query_says_a_field_several_times_and_the_last_counts_unless_it_is_a_list() {
    let mut query = Fields::of_query("page=1&page=2&store=a+b&store=c%C3%A9&tag=&odd");
    assert_eq!(query.integer("page").or(0), 2);
    assert_eq!(query.texts("store").or(Vec::new()), ["a b", "cé"]);
    assert_eq!(query.text("tag").optional(), Some(String::new()));
    assert_eq!(query.text("odd").optional(), Some(String::new()));
    assert_eq!(query.text("none").optional(), None);
    assert_eq!(query.texts("none").or(Vec::new()), [""; 0]);
    query.finish().unwrap();
}

/// What a value is read as: the value, or the kind of its error.
fn read<T: Default + ToString>(
    value: &Value,
    ask: impl for<'a> FnOnce(&'a mut Fields) -> Field<'a, T>,
) -> String {
    let mut body = Fields::of_body(json!({ "field": value }).to_string().as_bytes(), true).unwrap();
    let found = ask(&mut body).required();
    match body.problems.first() {
        Some(problem) => problem["type"].as_str().unwrap().to_owned(),
        None => found.to_string(),
    }
}

#[test]
fn integers_are_read_from_texts_and_from_numbers_without_a_fraction() {
    let read = |value: Value| read(&value, |fields| fields.integer("field"));
    for (text, number) in [
        ("3", "3"),
        (" 3 ", "3"),
        ("+3", "3"),
        ("-3", "-3"),
        ("1_0", "10"),
        ("1.00", "1"),
        ("1_000.0", "1000"),
        ("+1.0", "1"),
        ("00012", "12"),
        ("-0", "0"),
        ("\u{a0}3\n", "3"),
        ("99999999999999999999", "9223372036854775807"),
        ("-99999999999999999999", "-9223372036854775808"),
    ] {
        assert_eq!(read(json!(text)), number, "{text:?}");
    }
    for text in [
        "--3", "+-3", "1__0", "_1", "1_", "1.", "1.0_0", ".0", "1e1", "0x1", "٣", "", "-", "1.5", "1 0",
        "\u{1f}3",
    ] {
        assert_eq!(read(json!(text)), "int_parsing", "{text:?}");
    }
    assert_eq!(read(json!(1.0)), "1");
    assert_eq!(read(json!(true)), "1");
    assert_eq!(read(serde_json::from_str("1e3").unwrap()), "1000");
    assert_eq!(read(json!(1.5)), "int_from_float");
    assert_eq!(read(json!(null)), "int_type");
    assert_eq!(read(json!([])), "int_type");
}

#[test]
fn numbers_are_read_from_texts_too() {
    let read = |value: Value| read(&value, |fields| fields.number("field"));
    for (text, number) in [
        ("1", "1"),
        (" 1.5 ", "1.5"),
        ("1_0.5", "10.5"),
        ("1.", "1"),
        (".5", "0.5"),
        ("1E+5", "100000"),
        ("+infinity", "inf"),
        ("nAn", "NaN"),
    ] {
        assert_eq!(read(json!(text)), number, "{text:?}");
    }
    for text in ["", "abc", "1__0", "_1", "1_", "0x1", ".", "٣", "1 5"] {
        assert_eq!(read(json!(text)), "float_parsing", "{text:?}");
    }
    assert_eq!(read(json!(true)), "1");
    assert_eq!(read(json!({})), "float_type");
}

#[test]
fn booleans_are_read_from_words_and_from_zero_and_one() {
    let read = |value: Value| read(&value, |fields| fields.boolean("field"));
    for value in
        [json!(true), json!("TRUE"), json!("On"), json!("y"), json!("t"), json!("1"), json!(1), json!(1.0)]
    {
        assert_eq!(read(value.clone()), "true", "{value}");
    }
    for value in [json!(false), json!("OFF"), json!("n"), json!("F"), json!("0"), json!(0), json!(-0.0)] {
        assert_eq!(read(value.clone()), "false", "{value}");
    }
    for value in [json!(" true"), json!("2"), json!(""), json!("1.0"), json!(2), json!(-1)] {
        assert_eq!(read(value.clone()), "bool_parsing", "{value}");
    }
    for value in [json!(null), json!(0.5), json!([])] {
        assert_eq!(read(value.clone()), "bool_type", "{value}");
    }
}

#[test]
fn a_body_is_one_json_object_that_is_declared_as_json() {
    let refused = |bytes: &[u8], is_json| shown(Fields::of_body(bytes, is_json).unwrap_err());
    insta::assert_snapshot!(refused(b"", true), @r#"
    422
    {"input":null,"loc":["body"],"msg":"Field required","type":"missing"}
    "#);
    insta::assert_snapshot!(refused(b"[]", true), @r#"
    422
    {"input":[],"loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","type":"model_attributes_type"}
    "#);
    insta::assert_snapshot!(refused(b"null", true), @r#"
    422
    {"input":null,"loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","type":"model_attributes_type"}
    "#);
    insta::assert_snapshot!(refused(br#"{"content":"x"}"#, false), @r#"
    422
    {"input":"{\"content\":\"x\"}","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","type":"model_attributes_type"}
    "#);
    insta::assert_snapshot!(refused(b"{\"content\":\"\xff\"}", true), @r#"400 {"detail":"There was an error parsing the body"}"#);
    insta::assert_snapshot!(refused(br#"{"content":"a"} x"#, true), @r#"
    422
    {"ctx":{"error":"Extra data"},"input":{},"loc":["body",16],"msg":"JSON decode error","type":"json_invalid"}
    "#);
}

#[test]
fn broken_json_is_explained_in_pythons_words() {
    let places = [
        "{",
        "[1,",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "[1 2]",
        "tru",
        "-",
        "01",
        "1.e5",
        "1e+",
        "\"abc",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\\udc\"",
        "\"\t\"",
        "{\"a\"",
        "{\"a\":",
        "  ",
        "[1]]",
        "\"😀\" x",
        "[1,,2]",
        "{,}",
        "\"\\",
        "\"\\u",
        "'a'",
        "{\"a\":1 ,  }",
        "NaN",
        "\"\\ud800\"",
    ];
    let said = places.map(|text| {
        let (position, message) = python::mistake(text);
        format!("{text} => {position} {message}")
    });
    insta::assert_snapshot!(said.join("\n"), @r#"
    { => 1 Expecting property name enclosed in double quotes
    [1, => 3 Expecting value
    [1,] => 3 Expecting value
    {"a":1,} => 7 Expecting property name enclosed in double quotes
    {a:1} => 1 Expecting property name enclosed in double quotes
    {"a" 1} => 5 Expecting ':' delimiter
    {"a":1 "b":2} => 7 Expecting ',' delimiter
    [1 2] => 3 Expecting ',' delimiter
    tru => 0 Expecting value
    - => 0 Expecting value
    01 => 1 Extra data
    1.e5 => 1 Extra data
    1e+ => 1 Extra data
    "abc => 0 Unterminated string starting at
    "\x" => 1 Invalid \escape
    "\u12" => 2 Invalid \uXXXX escape
    "\ud800\udc" => 8 Invalid \uXXXX escape
    "	" => 1 Invalid control character at
    {"a" => 4 Expecting ':' delimiter
    {"a": => 5 Expecting value
       => 2 Expecting value
    [1]] => 3 Extra data
    "😀" x => 4 Extra data
    [1,,2] => 3 Expecting value
    {,} => 1 Expecting property name enclosed in double quotes
    "\ => 0 Unterminated string starting at
    "\u => 2 Invalid \uXXXX escape
    'a' => 0 Expecting value
    {"a":1 ,  } => 10 Expecting property name enclosed in double quotes
    NaN => 0 Expecting value
    "\ud800" => 2 Invalid \uXXXX escape
    "#);
    let deep = "[".repeat(1_000_000);
    assert_eq!(python::mistake(&deep), (127, "Nested too deeply"));
    assert!(serde_json::from_str::<Value>(&format!("{}{}", "[".repeat(127), "]".repeat(127))).is_ok());
}
