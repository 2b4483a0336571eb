//! What a request says, read field by field as the service's own framework reads it.
//!
//! A handler asks for each field by its name and type, then calls [`Fields::finish`], which answers 422 with
//! *all* that is wrong, in the service's shape. Until then a field that is wrong reads as its type's default:
//!
//! ```text
//! async fn list(State(hub): State<Arc<Hub>>, Query(mut query): Query) -> Result<Json<…>, Failure> {
//!     let page = query.integer("page").at_least(1).or(1);
//!     let tag = query.text("tag").optional();
//!     query.finish()?;
//! ```
//!
//! Guarantees: types are as forgiving as there ("3" and 3.0 are integers, "yes" is a boolean, 5 is no text).
//! Fields that nobody asks for are ignored.

mod body;
mod coerce;
mod python;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::{Map, Value, json};

use super::failure::Failure;

pub(super) use body::Body;

/// What was said, and what was found wrong with it so far.
#[derive(Debug)]
pub(super) struct Fields {
    place: &'static str,
    said: Said,
    problems: Vec<Value>,
}

#[derive(Debug)]
enum Said {
    Query(Vec<(String, String)>),
    Body(Value),
}

/// The parameters of a query string, as an extractor that never refuses.
#[derive(Debug)]
pub(super) struct Query(pub(super) Fields);

/// A field that was asked for. What it is where it is absent says the method that ends the question.
#[must_use = "a question ends with `or`, `required` or `optional`"]
pub(super) struct Field<'a, T> {
    fields: &'a mut Fields,
    name: &'static str,
    read: fn(&Value) -> Result<T, Vec<Problem>>,
    limits: Limits<T>,
}

struct Limits<T> {
    least: Option<T>,
    most: Option<T>,
}

/// What is wrong with a value: its kind, the sentence, the value, and what belongs to the sentence.
#[derive(Debug)]
struct Problem {
    kind: &'static str,
    message: Cow<'static, str>,
    input: Value,
    /// The place below the field: of an element in a list.
    index: Option<usize>,
    context: Option<Value>,
}

impl Fields {
    /// The fields of a query string, without its question mark.
    fn of_query(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { place: "query", said: Said::Query(pairs), problems: Vec::new() }
    }

    /// A text. Nothing else is taken for one.
    pub(super) fn text(&mut self, name: &'static str) -> Field<'_, String> {
        self.field(name, coerce::text)
    }

    /// An integer.
    pub(super) fn integer(&mut self, name: &'static str) -> Field<'_, i64> {
        self.field(name, coerce::integer)
    }

    /// A number.
    pub(super) fn number(&mut self, name: &'static str) -> Field<'_, f64> {
        self.field(name, coerce::number)
    }

    /// Yes or no.
    pub(super) fn boolean(&mut self, name: &'static str) -> Field<'_, bool> {
        self.field(name, coerce::boolean)
    }

    /// A list of texts; in a query string the parameter is repeated.
    pub(super) fn texts(&mut self, name: &'static str) -> Field<'_, Vec<String>> {
        self.field(name, coerce::texts)
    }

    /// A JSON object.
    pub(super) fn object(&mut self, name: &'static str) -> Field<'_, Map<String, Value>> {
        self.field(name, coerce::object)
    }

    /// A list of JSON objects.
    pub(super) fn objects(&mut self, name: &'static str) -> Field<'_, Vec<Map<String, Value>>> {
        self.field(name, coerce::objects)
    }

    /// Fails with everything that was wrong.
    pub(super) fn finish(self) -> Result<(), Failure> {
        if self.problems.is_empty() { Ok(()) } else { Err(unprocessable(self.problems)) }
    }

    fn field<T>(&mut self, name: &'static str, read: fn(&Value) -> Result<T, Vec<Problem>>) -> Field<'_, T> {
        Field { fields: self, name, read, limits: Limits { least: None, most: None } }
    }

    /// What was said under `name`.
    fn value(&self, name: &str, is_list: bool) -> Option<Cow<'_, Value>> {
        match &self.said {
            Said::Body(value) => value.get(name).map(Cow::Borrowed),
            Said::Query(pairs) => {
                let mut values = pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
                if is_list {
                    let values: Vec<_> = values.collect();
                    (!values.is_empty()).then(|| Cow::Owned(values.into()))
                } else {
                    values.next_back().map(|value| Cow::Owned(value.into()))
                }
            }
        }
    }

    /// Everything that was said, as the service shows it where a field is missing.
    fn everything(&self) -> Value {
        match &self.said {
            Said::Query(_) => Value::Null,
            Said::Body(value) => value.clone(),
        }
    }

    fn complain(&mut self, name: &str, problem: Problem) {
        let mut place = vec![json!(self.place), json!(name)];
        place.extend(problem.index.map(Value::from));
        self.problems.push(problem.into_json(place));
    }
}

impl<T: Default + Limited> Field<'_, T> {
    /// The field, or `default` where it is absent. Null is wrong.
    pub(super) fn or(self, default: T) -> T {
        self.read(false).unwrap_or(default)
    }

    /// The field, which must be there.
    pub(super) fn required(self) -> T {
        self.read(true).unwrap_or_default()
    }

    /// The field, or `None` where it is absent or null.
    pub(super) fn optional(self) -> Option<T> {
        match self.fields.value(self.name, T::IS_LIST).as_deref() {
            None | Some(Value::Null) => None,
            Some(_) => self.read(false),
        }
    }

    fn read(self, is_required: bool) -> Option<T> {
        let Some(value) = self.fields.value(self.name, T::IS_LIST) else {
            if is_required {
                let input = self.fields.everything();
                self.fields.complain(self.name, Problem::new("missing", "Field required", input));
            }
            return None;
        };
        match (self.read)(&value).and_then(|found| self.limits.check(found, &value)) {
            Ok(found) => Some(found),
            Err(problems) => {
                drop(value);
                problems.into_iter().for_each(|problem| self.fields.complain(self.name, problem));
                Some(T::default())
            }
        }
    }
}

impl<T: Copy> Field<'_, T> {
    /// Refuses less than `least`.
    pub(super) fn at_least(mut self, least: T) -> Self {
        self.limits.least = Some(least);
        self
    }

    /// Refuses more than `most`.
    pub(super) fn at_most(mut self, most: T) -> Self {
        self.limits.most = Some(most);
        self
    }

    /// Refuses what is outside of `range`.
    pub(super) fn between(self, range: RangeInclusive<T>) -> Self {
        self.at_least(*range.start()).at_most(*range.end())
    }
}

/// A type that a field can have.
pub(super) trait Limited: Sized {
    /// Whether a query string repeats it.
    const IS_LIST: bool = false;

    /// Which of the limits it breaks.
    fn breaks(&self, _limits: &Limits<Self>) -> Option<(&'static str, &'static str, Self)> {
        None
    }

    /// A limit in a sentence, and as JSON.
    fn show(&self) -> (String, Value) {
        (String::new(), Value::Null)
    }
}

impl<T: Limited> Limits<T> {
    fn check(&self, found: T, value: &Value) -> Result<T, Vec<Problem>> {
        let Some((kind, sign, limit)) = found.breaks(self) else { return Ok(found) };
        let (words, limit) = limit.show();
        let message =
            format!("Input should be {} {words}", kind.replace("_equal", "_or_equal_to").replace('_', " "));
        let context = Some(json!({ sign: limit }));
        Err(vec![Problem { context, ..Problem::new(kind, message, value.clone()) }])
    }
}

fn broken<T: PartialOrd + Copy>(found: T, limits: &Limits<T>) -> Option<(&'static str, &'static str, T)> {
    let most = limits.most.filter(|most| !(found <= *most)).map(|most| ("less_than_equal", "le", most));
    let least = || limits.least.filter(|least| !(found >= *least));
    most.or_else(|| least().map(|least| ("greater_than_equal", "ge", least)))
}

impl Limited for i64 {
    fn breaks(&self, limits: &Limits<Self>) -> Option<(&'static str, &'static str, Self)> {
        broken(*self, limits)
    }

    fn show(&self) -> (String, Value) {
        (self.to_string(), json!(self))
    }
}

impl Limited for f64 {
    fn breaks(&self, limits: &Limits<Self>) -> Option<(&'static str, &'static str, Self)> {
        broken(*self, limits)
    }

    fn show(&self) -> (String, Value) {
        (self.to_string(), json!(self))
    }
}

impl Limited for bool {}
impl Limited for String {}
impl Limited for Map<String, Value> {}

impl<T> Limited for Vec<T> {
    const IS_LIST: bool = true;
}

impl Problem {
    fn new(kind: &'static str, message: impl Into<Cow<'static, str>>, input: Value) -> Self {
        Self { kind, message: message.into(), input, index: None, context: None }
    }

    fn into_json(self, place: Vec<Value>) -> Value {
        let mut shown = json!({ "type": self.kind, "loc": place, "msg": self.message, "input": self.input });
        if let (Some(context), Some(shown)) = (self.context, shown.as_object_mut()) {
            shown.insert("ctx".to_owned(), context);
        }
        shown
    }
}

/// 422 with `problems`.
fn unprocessable(problems: Vec<Value>) -> Failure {
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, problems)
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Fields::of_query(parts.uri.query().unwrap_or_default())))
    }
}
