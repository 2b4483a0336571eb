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
//!
//! Other than the service: of what is wrong only the first [`MOST_PROBLEMS`] are said, and a value larger than
//! [`LARGEST_INPUT`] is not repeated, so that a refusal costs little however much was wrong.

mod body;
mod coerce;
mod python;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::{Map, Value, json};

use super::failure::Failure;

pub(super) use body::Body;

/// How many problems a refusal lists at most.
const MOST_PROBLEMS: usize = 100;

/// The largest value that is repeated in a refusal: about so many bytes.
const LARGEST_INPUT: usize = 16 * 1024;

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

/// A field that was asked for; what it is where it is absent says the method that ends the question.
#[must_use = "a question ends with `or`, `required` or `optional`"]
pub(super) struct Field<'a, T> {
    fields: &'a mut Fields,
    name: &'static str,
    is_list: bool,
    read: Read<T>,
}

/// Makes a value of what was said, or says everything that is wrong with it.
type Read<T> = Box<dyn Fn(&Value) -> Result<T, Vec<Problem>>>;

/// What is wrong with a value: its kind, the sentence, the value, and what belongs to the sentence.
#[derive(Debug)]
struct Problem {
    kind: &'static str,
    message: Cow<'static, str>,
    /// Absent where it is too large to be repeated.
    input: Option<Value>,
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

    /// An integer; one that does not fit is read as the nearest that does.
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
        Field { is_list: true, ..self.field(name, coerce::texts) }
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

    fn field<T: 'static>(
        &mut self,
        name: &'static str,
        read: fn(&Value) -> Result<T, Vec<Problem>>,
    ) -> Field<'_, T> {
        Field { fields: self, name, is_list: false, read: Box::new(read) }
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
    fn everything(&self) -> &Value {
        match &self.said {
            Said::Query(_) => &Value::Null,
            Said::Body(value) => value,
        }
    }

    fn complain(&mut self, name: &str, problem: Problem) {
        if self.problems.len() >= MOST_PROBLEMS {
            return;
        }
        let mut place = vec![json!(self.place), json!(name)];
        place.extend(problem.index.map(Value::from));
        self.problems.push(problem.into_json(&place));
    }
}

impl<T: Default> Field<'_, T> {
    /// The field, or `default` where it is absent. Null is wrong.
    pub(super) fn or(self, default: T) -> T {
        self.find().unwrap_or(default)
    }

    /// The field, which must be there.
    pub(super) fn required(self) -> T {
        if self.fields.value(self.name, self.is_list).is_none() {
            let problem = Problem::new("missing", "Field required", self.fields.everything());
            self.fields.complain(self.name, problem);
        }
        self.find().unwrap_or_default()
    }

    /// The field, or `None` where it is absent or null.
    pub(super) fn optional(self) -> Option<T> {
        let is_null = self.fields.value(self.name, self.is_list).is_some_and(|value| value.is_null());
        if is_null { None } else { self.find() }
    }

    /// `None` where it is absent; what is wrong is noted, and reads as the default.
    fn find(self) -> Option<T> {
        let found = (self.read)(&*self.fields.value(self.name, self.is_list)?);
        Some(found.unwrap_or_else(|problems| {
            for problem in problems {
                self.fields.complain(self.name, problem);
            }
            T::default()
        }))
    }
}

impl<T: Copy + PartialOrd + Display + Into<Value> + 'static> Field<'_, T> {
    /// Refuses less than `least`.
    pub(super) fn at_least(self, least: T) -> Self {
        let problem = move |input: &Value| {
            let message = format!("Input should be greater than or equal to {least}");
            Problem {
                context: Some(json!({ "ge": least.into() })),
                ..Problem::new("greater_than_equal", message, input)
            }
        };
        self.only(move |found| found >= least, problem)
    }

    /// Refuses more than `most`.
    pub(super) fn at_most(self, most: T) -> Self {
        let problem = move |input: &Value| {
            let message = format!("Input should be less than or equal to {most}");
            Problem {
                context: Some(json!({ "le": most.into() })),
                ..Problem::new("less_than_equal", message, input)
            }
        };
        self.only(move |found| found <= most, problem)
    }

    /// Refuses what is outside of `range`.
    pub(super) fn between(self, range: RangeInclusive<T>) -> Self {
        self.at_least(*range.start()).at_most(*range.end())
    }

    fn only(
        self,
        is_fine: impl Fn(T) -> bool + 'static,
        problem: impl Fn(&Value) -> Problem + 'static,
    ) -> Self {
        let read = self.read;
        let read = move |value: &Value| {
            let found = read(value)?;
            if is_fine(found) { Ok(found) } else { Err(vec![problem(value)]) }
        };
        Self { read: Box::new(read), ..self }
    }
}

impl Problem {
    fn new(kind: &'static str, message: impl Into<Cow<'static, str>>, input: &Value) -> Self {
        let input = is_small(input).then(|| input.clone());
        Self { kind, message: message.into(), input, index: None, context: None }
    }

    fn into_json(self, place: &[Value]) -> Value {
        let mut shown = json!({ "type": self.kind, "loc": place, "msg": self.message });
        for (name, value) in [("input", self.input), ("ctx", self.context)] {
            if let Some(value) = value {
                shown[name] = value;
            }
        }
        shown
    }
}

/// Whether a value may be repeated; looks at no more of it than that takes.
fn is_small(value: &Value) -> bool {
    fn left(value: &Value, room: usize) -> Option<usize> {
        let room = room.checked_sub(1)?;
        match value {
            Value::String(text) => room.checked_sub(text.len()),
            Value::Array(elements) => elements.iter().try_fold(room, |room, element| left(element, room)),
            Value::Object(members) => members
                .iter()
                .try_fold(room, |room, (name, value)| left(value, room.checked_sub(name.len())?)),
            Value::Number(number) => room.checked_sub(number.as_str().len()),
            Value::Null | Value::Bool(_) => Some(room),
        }
    }
    left(value, LARGEST_INPUT).is_some()
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
