//! Texts of many kinds.

/// Forty texts: of all lengths and scripts, and some that only differ where a model no longer looks.
pub fn varied() -> Vec<String> {
    let mut texts: Vec<String> = SHORT.iter().map(|text| (*text).to_owned()).collect();
    // Some 200, 450 and 3,000 tokens; the cut is at 128.
    for (sentences, end) in [(12, "at last."), (27, "at last."), (27, "and never."), (180, "at last.")] {
        texts.push(format!("{}{end}", long(sentences)));
    }
    texts.push("日本語の長い文章です。".repeat(60));
    texts.push("🫖☕".repeat(200));
    texts
}

/// A text of so many sentences, of which no two are equal.
pub fn long(sentences: usize) -> String {
    let sentence =
        |number| format!("On day {number} the boats left the harbour before {} lamps were out. ", number * 7);
    (0..sentences).map(sentence).collect()
}

const SHORT: [&str; 34] = [
    "Tea is at four, in the garden when it does not rain",
    "The database is backed up every night at two",
    "The harbour lamps are lit from October to March",
    "a",
    "42",
    "…",
    "🫖",
    "👩🏽‍🚀 👨‍👩‍👧‍👦 🇯🇵 are single signs",
    "東京タワーは1958年に完成した",
    "日本語のメモ: 猫は窓辺で寝る",
    "今天的会议改到下午三点",
    "회의는 내일 오전 열 시에 시작합니다",
    "اجتماع الفريق يوم الأحد في الساعة التاسعة",
    "הפגישה נדחתה ליום שלישי",
    "Встреча перенесена на пятницу",
    "Η συνάντηση είναι την Τετάρτη",
    "การประชุมเริ่มเวลาเก้าโมงเช้า",
    "बैठक सोमवार को सुबह दस बजे है",
    "Café, naïve, Straße, Ærøskøbing, İstanbul",
    "Cafe\u{301} with a combining accent",
    "fn main() {\n    println!(\"{}\", 6 * 7);\n}",
    "def add(a, b):\n\treturn a + b  # tabs\r\n",
    "SELECT key, count(*) FROM memories GROUP BY key HAVING count(*) > 1;",
    "| day | time |\n|-----|------|\n| Mon | 9:00 |",
    "https://example.org/a/very/long/path?with=query&and=more#fragment",
    "-----BEGIN NOTHING-----\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "   spaces   in   the   middle   ",
    "zero\u{200b}width\u{200d}joined\u{feff}text",
    "[MASK] [CLS] [SEP] are words of the model's own",
    "x86_64-unknown-linux-gnu, i18n, C++20, .NET, #hash, @name",
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
    "AN ANGRY SENTENCE IN CAPITALS!!!",
    "\u{1d4d0}\u{1d4ed}\u{1d4ee} in mathematical script",
    "Fish & chips <b>bold</b> \"quoted\" \\escaped\\",
];
