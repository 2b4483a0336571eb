//! Which maker is picked, what it takes to find out, and why there is none.

use std::fmt::Write as _;
use std::sync::Mutex;

use super::*;
use crate::embed::{Error, ModelId};

const DIMENSION: usize = 8;

/// A model that looks at the first `cut` letters of a text, and notes what it is asked. Its vectors are the hashes of
/// its weights' name and those letters, so no two are alike.
#[derive(Debug)]
struct Fake {
    name: &'static str,
    weights: &'static str,
    cut: usize,
    dimension: usize,
    fails: bool,
    asked: Mutex<Vec<String>>,
}

fn fake(name: &'static str, weights: &'static str, cut: usize) -> Fake {
    Fake { name, weights, cut, dimension: DIMENSION, fails: false, asked: Mutex::default() }
}

impl Fake {
    fn make(&self, text: &str) -> Vec<f32> {
        let seen: String = text.chars().take(self.cut).collect();
        hash_vector(&format!("{} {seen}", self.weights), self.dimension)
    }

    fn sample(&self, text: &str) -> Sample {
        sample(text, self.make(text))
    }
}

impl Maker for Fake {
    fn name(&self) -> &str {
        self.name
    }

    fn id(&self) -> Result<Option<ModelId>, Error> {
        Ok(None)
    }

    fn vectors(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        self.asked.lock().unwrap().push(texts.join("+"));
        if self.fails {
            return Err(Error::Unusable { path: self.name.into(), cause: "damaged".into() });
        }
        Ok(texts.iter().map(|text| self.make(text)).collect())
    }
}

fn sample(text: &str, stored: Vec<f32>) -> Sample {
    Sample { text: text.to_owned(), stored }
}

fn hashed(text: &str) -> Sample {
    sample(text, hash_vector(text, DIMENSION))
}

/// The two paths of the service to one model, and another model.
fn fakes() -> [Arc<Fake>; 3] {
    [fake("onnx", "minilm", 4), fake("hf", "minilm", 8), fake("bge", "bge", 8)].map(Arc::new)
}

fn makers(fakes: &[Arc<Fake>]) -> Makers {
    Makers::new(fakes.iter().map(|fake| Arc::clone(fake) as Arc<dyn Maker>).collect())
}

/// What is picked, what that takes, and what the whole sample says.
fn outcome(fakes: &[Arc<Fake>], samples: &[Sample]) -> String {
    let makers = makers(fakes);
    let picked = makers.pick(DIMENSION, samples);
    let mut asked = String::new();
    for fake in fakes {
        for texts in std::mem::take(&mut *fake.asked.lock().unwrap()) {
            write!(asked, " {}({texts})", fake.name).unwrap();
        }
    }
    let proof = makers.prove(DIMENSION, samples);
    assert_eq!(
        picked.as_ref().ok().map(|maker| maker.name()),
        proof.maker.as_ref().map(|maker| maker.name())
    );
    let picked = picked.map_or_else(|none| none.to_string(), |maker| maker.name().to_owned());
    let failures: Vec<&String> = proof.failures.iter().map(|(name, _)| name).collect();
    format!("{picked}; asked{asked}; {:?} unknown {} failed {failures:?}", proof.counts, proof.unknown)
}

#[test]
fn a_maker_is_picked_only_where_it_reproduces_every_sample() {
    let [onnx, hf, bge] = fakes();
    let gone = fake("gone", "gone", 8);
    let empty = || sample("", vec![0.0; DIMENSION]);
    let zeros = || sample("zeros", vec![0.0; DIMENSION]);
    let cases: [(&str, Vec<Sample>); 15] = [
        ("the first model", vec![onnx.sample("a"), onnx.sample("a longer text")]),
        ("short texts only", vec![hf.sample("b"), hf.sample("a")]),
        ("the other cut", vec![hf.sample("a longer text"), hf.sample("a")]),
        ("another model", vec![bge.sample("a longer text"), bge.sample("a")]),
        ("hash", vec![hashed("a longer text"), hashed("a")]),
        ("hash with an empty text", vec![hashed("a"), empty()]),
        ("unknown", vec![gone.sample("a longer text"), gone.sample("a")]),
        ("two models", vec![onnx.sample("a"), bge.sample("b"), bge.sample("c")]),
        ("two cuts", vec![onnx.sample("a longer text"), hf.sample("a long text"), hf.sample("a")]),
        ("a model and hash", vec![onnx.sample("a"), hashed("b")]),
        ("one unknown", vec![onnx.sample("a"), gone.sample("b")]),
        ("zeros", vec![onnx.sample("a"), zeros()]),
        ("not a number", vec![onnx.sample("a"), sample("nan", vec![f32::NAN; DIMENSION])]),
        ("another dimension", vec![sample("a", hash_vector("a", DIMENSION - 1))]),
        ("nothing but zeros", vec![empty(), empty()]),
    ];
    let mut table = String::new();
    for (case, samples) in cases {
        writeln!(table, "{case}: {}", outcome(&fakes(), &samples)).unwrap();
    }
    insta::assert_snapshot!(table, @r#"
    the first model: onnx; asked onnx(a) onnx(a longer text); [("onnx", 2)] unknown 0 failed []
    short texts only: onnx; asked onnx(b) onnx(a); [("onnx", 2)] unknown 0 failed []
    the other cut: hf; asked onnx(a) onnx(a longer text) hf(a) hf(a longer text); [("hf", 2)] unknown 0 failed []
    another model: bge; asked onnx(a) hf(a) bge(a) bge(a longer text); [("bge", 2)] unknown 0 failed []
    hash: hash vectors; asked; [("hash vectors", 2)] unknown 0 failed []
    hash with an empty text: hash vectors; asked; [("hash vectors", 2)] unknown 0 failed []
    unknown: nothing on this device makes the vectors that the database holds; asked onnx(a) hf(a) bge(a); [] unknown 2 failed []
    two models: nothing on this device makes the vectors that the database holds; asked onnx(a) onnx(b+c) hf(a) hf(b+c) bge(a); [("bge", 2), ("onnx", 1)] unknown 0 failed []
    two cuts: nothing on this device makes the vectors that the database holds; asked onnx(a) onnx(a long text+a longer text) hf(a) hf(a long text+a longer text) bge(a); [("onnx", 2), ("hf", 1)] unknown 0 failed []
    a model and hash: nothing on this device makes the vectors that the database holds; asked; [("hash vectors", 1), ("onnx", 1)] unknown 0 failed []
    one unknown: nothing on this device makes the vectors that the database holds; asked onnx(a) onnx(b) hf(a) hf(b) bge(a); [("onnx", 1)] unknown 1 failed []
    zeros: nothing on this device makes the vectors that the database holds; asked; [("onnx", 1)] unknown 1 failed []
    not a number: nothing on this device makes the vectors that the database holds; asked; [("onnx", 1)] unknown 1 failed []
    another dimension: nothing on this device makes the vectors that the database holds; asked; [] unknown 1 failed []
    nothing but zeros: nothing on this device makes the vectors that the database holds; asked; [("hash vectors", 2)] unknown 0 failed []
    "#);
    assert!(
        matches!(makers(&fakes()).pick(DIMENSION, &[]), Err(NoMaker::Unproven)),
        "nothing to prove it by"
    );
}

#[test]
fn a_maker_that_fails_is_told_of_unless_another_is_proven() {
    let [onnx, hf, bge] = fakes();
    let broken = Arc::new(Fake { fails: true, ..fake("broken", "broken", 8) });
    let fakes = [broken, onnx, bge];
    insta::assert_snapshot!(outcome(&fakes, &[hf.sample("a")]), @r#"onnx; asked broken(a) onnx(a); [("onnx", 1)] unknown 0 failed []"#);
    insta::assert_snapshot!(outcome(&fakes, &[hf.sample("a longer text")]), @r#"the embedding model at broken cannot be used; asked broken(a) broken(a longer text) onnx(a) onnx(a longer text) bge(a longer text); [] unknown 1 failed ["broken"]"#);
}

#[test]
fn a_maker_that_fails_is_not_waited_for_twice() {
    let broken = Arc::new(Fake { fails: true, ..fake("broken", "broken", 8) });
    let proof = makers(&[Arc::clone(&broken)]).prove(DIMENSION, &[fakes()[0].sample("a")]);
    assert_eq!((proof.failures.len(), proof.unknown), (1, 1));
    assert_eq!(*broken.asked.lock().unwrap(), ["a"]);
}

#[test]
fn a_maker_of_another_dimension_is_asked_for_one_short_text() {
    let [onnx, ..] = fakes();
    let wide = Arc::new(Fake { dimension: DIMENSION + 1, ..fake("wide", "minilm", 8) });
    let samples = [onnx.sample("a longer text"), onnx.sample("a"), hashed("b")];
    let _ = makers(&[Arc::clone(&wide)]).count(DIMENSION, &samples);
    assert_eq!(*wide.asked.lock().unwrap(), ["a"]);
}

#[test]
fn a_maker_that_answers_too_little_proves_nothing() {
    #[derive(Debug)]
    struct Mute;
    impl Maker for Mute {
        fn name(&self) -> &'static str {
            "mute"
        }
        fn id(&self) -> Result<Option<ModelId>, Error> {
            Ok(None)
        }
        fn vectors(&self, _: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
            Ok(Vec::new())
        }
    }
    let makers = Makers::new(vec![Arc::new(Mute)]);
    assert!(matches!(makers.pick(DIMENSION, &[fakes()[0].sample("a")]), Err(NoMaker::Unproven)));
    assert!(matches!(makers.for_empty(DIMENSION, false), Err(NoMaker::Dimension { made: 0, .. })));
}

#[test]
fn an_empty_table_takes_what_the_service_would_or_says_why_not() {
    let says = |makers: &Makers, dimension, holds_memories| {
        let maker = makers.for_empty(dimension, holds_memories);
        maker.map_or_else(|none| none.to_string(), |maker| maker.name().to_owned())
    };
    let found = makers(&fakes());
    insta::assert_snapshot!(says(&found, DIMENSION, true), @"onnx");
    insta::assert_snapshot!(says(&found, 768, false), @"onnx makes vectors of 8 numbers, and the database has room for 768");
    let broken = Arc::new(Fake { fails: true, ..fake("broken", "broken", 8) });
    let [onnx, ..] = fakes();
    insta::assert_snapshot!(says(&makers(&[broken, onnx]), DIMENSION, false), @"the embedding model at broken cannot be used");

    let without = |hash| Makers { default: None, hash, ..found.clone() };
    insta::assert_snapshot!(says(&without(HashRule::IfEmpty), DIMENSION, false), @"hash vectors");
    insta::assert_snapshot!(says(&without(HashRule::IfEmpty), DIMENSION, true), @"there is no embedding model on this device, and a database that holds memories gets no hash vectors");
    insta::assert_snapshot!(says(&without(HashRule::Always), DIMENSION, true), @"hash vectors");
    insta::assert_snapshot!(says(&without(HashRule::Never), DIMENSION, false), @"there is no embedding model on this device, and MCP_MEMORY_ALLOW_HASH_EMBEDDINGS refuses hash vectors");
}

#[test]
fn wrapped_makers_keep_their_order_and_their_default() {
    let wrapped = makers(&fakes()).wrapped(|maker| maker);
    assert_eq!(wrapped.models().iter().map(|maker| maker.name()).collect::<Vec<_>>(), ["onnx", "hf", "bge"]);
    assert_eq!(wrapped.for_empty(DIMENSION, false).unwrap().name(), "onnx");
}
