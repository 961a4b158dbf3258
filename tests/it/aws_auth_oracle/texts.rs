//! Random aws-auth texts: realistic lists in many styles, then damaged.

use latchkey_domain::eks::aws_auth::Data;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

/// Pieces of YAML that parsers disagree about, or that decide what a text means.
const NASTY: &[&str] = &[
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\t",
    "\r",
    "\r\n",
    "\n",
    "\n\n",
    " ",
    "  ",
    "# note\n",
    " # note",
    "---\n",
    "--- ",
    "\n---\n",
    "...\n",
    "%YAML 1.1\n---\n",
    "%TAG ! tag:x,2000:\n---\n",
    "&a ",
    "*a",
    "<<: *a\n",
    "<<: {username: merged}\n",
    "<<: [*a, *a]",
    "!!str ",
    "!!int ",
    "!!binary aGk=",
    "!!null ''",
    "!!float 1",
    "!!bool yes",
    "!!seq ",
    "!!map ",
    "!mine ",
    "! ",
    "!<tag:yaml.org,2002:str> ",
    "!!timestamp 2001-01-01",
    "|\n",
    "|-\n",
    "|+\n",
    ">\n",
    ">-\n",
    "|2\n",
    ": ",
    ":",
    "? ",
    "- ",
    "-",
    "[",
    "]",
    "{",
    "}",
    ",",
    ", ",
    "'",
    "\"",
    "''",
    "\"\"",
    "``",
    "`",
    "@",
    "%",
    "~",
    "null",
    "Null",
    "yes",
    "no",
    "on",
    "y",
    "true",
    ".inf",
    "-.INF",
    ".nan",
    "0x1F",
    "0b1",
    "0o17",
    "017",
    "1_000",
    "1e3",
    ".5_0",
    "12:30:45",
    "2001-01-01",
    "111122223333",
    "18446744073709551616",
    "\\",
    "\"\\u2028\"",
    "\"\\x41\"",
    "\"a\\\n  b\"",
    "'it''s'",
    "[]",
    "{}",
    "[a, b]",
    "{a: b}",
    "[[]]",
    "[,]",
    "é",
    "\u{1f511}",
    "\u{7f}",
    "\u{1}",
    "\u{ff01}",
    "\u{17f}",
    "groups: system:masters\n",
    "groups:\n",
    "groups: null\n",
    "Groups: [x, null]\n",
    "GROUPS: []\n",
    "userid: 5\n",
    "userARN: arn:x\n",
    "rolearn: ''\n",
    "sso: {}\n",
    "sso:\n    permissionSetName: View\n    accountID: '111122223333'\n",
    "sso: null\n",
    "username:\n",
    "username: 5\n",
    "extra: {a: [1, {b: .nan}]}\n",
    "null: x\n",
    "~: x\n",
    "1: x\n",
    "[a]: x\n",
    "? [a]\n: b\n",
    "=",
    "<<",
    "<<:\n",
];

pub struct Texts {
    rng: StdRng,
    corpus: Vec<String>,
}

/// The texts of the corpus, from which others are made.
fn corpus() -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Case {
        data: Data,
    }
    let lines = include_str!("../../corpus/aws_auth/texts.jsonl").lines();
    lines.flat_map(|line| serde_json::from_str::<Case>(line).unwrap().data.into_values()).collect()
}

impl Texts {
    pub fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), corpus: corpus() }
    }

    pub fn data(&mut self) -> Data {
        let mut data = Data::new();
        for key in ["mapRoles", "mapUsers", "mapAccounts"] {
            if self.rng.random_bool(0.7) {
                let text = self.text(key);
                data.insert(key.to_owned(), text);
            }
        }
        data
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    pub fn text(&mut self, key: &str) -> String {
        let mut text = match self.rng.random_range(0..100) {
            0..35 => self.block(key),
            35..50 => self.corpus.choose(&mut self.rng).cloned().unwrap_or_default(),
            50..62 => self.flow(key),
            62..72 => self.json(key),
            72..80 => self.nothing(),
            80..90 => self.soup(),
            _ => format!("{}{}", self.block(key), self.soup()),
        };
        if self.chance(0.5) {
            for _ in 0..self.rng.random_range(1..4) {
                text = self.damaged(text);
            }
        }
        if self.chance(0.08) {
            text = text.replace('\n', "\r\n");
        }
        if self.chance(0.1) {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        text
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from.choose(&mut self.rng).copied().unwrap_or_default()
    }

    fn arn(&mut self, key: &str) -> String {
        let name = self.pick(&["jane", "Jane", "joe", "team/ann", "deploy", "node", "AWSReservedSSO_View_1a2b"]);
        let kind = if key == "mapRoles" { "role" } else { "user" };
        let account = self.pick(&["111122223333", "444455556666"]);
        format!("arn:aws:iam::{account}:{kind}/{name}")
    }

    fn scalar(&mut self, value: &str) -> String {
        match self.rng.random_range(0..10) {
            0..5 => value.to_owned(),
            5 | 6 => format!("'{value}'"),
            7 | 8 => format!("\"{value}\""),
            _ => self.pick(NASTY).to_owned(),
        }
    }

    fn field(&mut self, key: &str) -> (String, String) {
        let arn = if key == "mapRoles" { "rolearn" } else { "userarn" };
        match self.rng.random_range(0..12) {
            0..3 => {
                let name = self.pick(&["", "", "", "upper"]);
                let value = self.arn(key);
                let value = self.scalar(&value);
                (if name == "upper" { arn.to_uppercase() } else { arn.to_owned() }, value)
            }
            3..6 => {
                let value =
                    self.pick(&["jane", "latchkey:jane:1", "system:node:{{EC2PrivateDNSName}}", "{{SessionName}}"]);
                ("username".to_owned(), self.scalar(value))
            }
            6..9 => ("groups".to_owned(), self.groups()),
            9 => ("userid".to_owned(), self.scalar("AIDA")),
            10 => ("sso".to_owned(), "{permissionSetName: View, accountID: '111122223333'}".to_owned()),
            _ => {
                (self.pick(&["note", "Username", "GROUPS", "<<", "noGroups", "\u{17f}so"]).to_owned(), self.scalar("x"))
            }
        }
    }

    fn groups(&mut self) -> String {
        let one = self.pick(&["system:masters", "system:nodes", "readers"]);
        let one = self.scalar(one);
        match self.rng.random_range(0..6) {
            0 => "[]".to_owned(),
            1 => format!("[{one}]"),
            2 => format!("[{one}, view]"),
            3 => format!("\n    - {one}\n    - view"),
            4 => format!("\n  - {one}"),
            _ => format!("\n  - {one}\n  # why\n  - view # because"),
        }
    }

    fn fields(&mut self, key: &str) -> Vec<(String, String)> {
        let arn = if key == "mapRoles" { "rolearn" } else { "userarn" };
        let mut fields = Vec::new();
        if self.chance(0.95) {
            let value = self.arn(key);
            let quoted = if self.chance(0.5) { format!("\"{value}\"") } else { value };
            fields.push((arn.to_owned(), quoted));
        }
        if self.chance(0.9) {
            fields.push(("username".to_owned(), "jane".to_owned()));
        }
        if self.chance(0.7) {
            let groups = self.groups();
            fields.push(("groups".to_owned(), groups));
        }
        if self.chance(0.25) {
            let field = self.field(key);
            let at = self.rng.random_range(0..=fields.len());
            fields.insert(at, field);
        }
        fields
    }

    fn block(&mut self, key: &str) -> String {
        let indent = self.pick(&["", "", "", "  ", "    "]);
        let mut text = String::new();
        if self.chance(0.1) {
            text.push_str(self.pick(&["---\n", "# managed by someone\n", "\n", "%YAML 1.1\n---\n", "\u{feff}"]));
        }
        for _ in 0..self.rng.random_range(1..5) {
            if key == "mapAccounts" {
                let account = self.pick(&["111122223333", "\"111122223333\"", "012345678901", "'1'", "~", "!!str 5"]);
                text.extend([indent, "- ", account, "\n"]);
                continue;
            }
            if self.chance(0.1) {
                text.extend([indent, "# an entry\n"]);
            }
            let mut lead = format!("{indent}- ");
            if self.chance(0.05) {
                lead = format!("{indent}-\n{indent}  ");
            }
            if self.chance(0.05) {
                let anchor = self.pick(&["&a", "&b", "!!map", "&a !!map"]);
                lead = format!("{indent}- {anchor}\n{indent}  ");
            }
            for (name, value) in self.fields(key) {
                let value = value.replace('\n', &format!("\n{indent}"));
                let comment = if self.chance(0.05) { " # why" } else { "" };
                text.extend([lead.as_str(), &name, ": ", &value, comment, "\n"]);
                lead = format!("{indent}  ");
            }
            if self.chance(0.05) {
                text.push('\n');
            }
        }
        if self.chance(0.1) {
            text.push_str(self.pick(&[
                "# the end\n",
                "\n",
                "...\n",
                "---\n- second: document\n",
                "   ",
                "# the end",
                "- *a\n",
            ]));
        }
        text
    }

    fn flow(&mut self, key: &str) -> String {
        let mut entries = Vec::new();
        for _ in 0..self.rng.random_range(0..4) {
            if key == "mapAccounts" {
                entries.push(self.pick(&["'111122223333'", "111122223333", "null", "a b"]).to_owned());
                continue;
            }
            let fields: Vec<String> = self
                .fields(key)
                .into_iter()
                .map(|(name, value)| {
                    format!("{name}: {}", if value.contains('\n') { "[a, b]" } else { value.as_str() })
                })
                .collect();
            entries.push(format!("{{{}}}", fields.join(", ")));
        }
        let separator = self.pick(&[", ", ",", ",\n  ", " , ", ", # why\n "]);
        let (open, close) = *[("[", "]"), ("[", "]\n"), ("[\n  ", "\n]\n"), ("[ ", ", ]"), ("!!seq [", "]")]
            .choose(&mut self.rng)
            .unwrap_or(&("[", "]"));
        format!("{open}{}{close}", entries.join(separator))
    }

    fn json(&mut self, key: &str) -> String {
        let mut entries = Vec::new();
        for _ in 0..self.rng.random_range(0..4) {
            let arn = self.arn(key);
            let field = if key == "mapRoles" { "rolearn" } else { "userarn" };
            let groups: Vec<&str> = (0..self.rng.random_range(0..3)).map(|_| "system:nodes").collect();
            entries.push(match key {
                "mapAccounts" => serde_json::json!("111122223333"),
                _ => serde_json::json!({ field: arn, "username": "jane", "groups": groups }),
            });
        }
        let list = serde_json::Value::Array(entries);
        if self.chance(0.5) { serde_json::to_string_pretty(&list).unwrap() } else { list.to_string() }
    }

    fn nothing(&mut self) -> String {
        const NOTHING: &[&str] = &[
            "",
            "\n",
            "  ",
            " \n\n",
            "\t",
            "\"\"",
            "''",
            "``",
            " '' \n",
            "\n\"\"\n",
            "[]",
            "[]\n",
            "[ ]",
            "[\n]\n",
            "~",
            "null",
            "null\n",
            "# nothing\n",
            "# nothing",
            "---\n",
            "---",
            "--- ~\n",
            "---\n---\n",
            "---\n...\n",
            "...",
            "!!null",
            "&a",
            "[] # none",
            "{}",
            "\u{a0}",
            "\u{85}",
            "\u{feff}",
            "\u{feff}\n",
            "  ~\n",
            "~ # none\n",
            "!!seq []",
            "&a []\n",
            "--- []\n",
            "-",
            "- ",
            "\r\n",
            "\r",
            "# none\r\n",
            "null # a\n---\nb\n",
            "\u{b}",
        ];
        self.pick(NOTHING).to_owned()
    }

    fn soup(&mut self) -> String {
        (0..self.rng.random_range(0..9)).map(|_| self.pick(NASTY)).collect()
    }

    /// The text with one fault.
    fn damaged(&mut self, mut text: String) -> String {
        let at = self.place(&text);
        match self.rng.random_range(0..8) {
            7 => text.insert(at, char::from(self.rng.random_range(b' '..=b'~'))),
            0..3 => text.insert_str(at, self.pick(NASTY)),
            3 => {
                let end = self.place(&text);
                let (start, end) = (at.min(end), at.max(end).min(at.min(end) + 12));
                let end = text.floor_char_boundary(end).max(start);
                text.replace_range(start..end, "");
            }
            4 => {
                let lines: Vec<&str> = text.split_inclusive('\n').collect();
                if let Some(line) = lines.choose(&mut self.rng) {
                    let line = (*line).to_owned();
                    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
                    text.insert_str(start, &line);
                }
            }
            5 => {
                let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
                if text[start..].starts_with(' ') && self.chance(0.5) {
                    text.remove(start);
                } else {
                    text.insert(start, ' ');
                }
            }
            _ => {
                let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
                text.insert_str(line, self.pick(NASTY));
            }
        }
        text
    }

    fn place(&mut self, text: &str) -> usize {
        text.floor_char_boundary(self.rng.random_range(0..=text.len()))
    }
}
