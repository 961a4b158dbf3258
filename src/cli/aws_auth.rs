//! `latchkey aws-auth`: reads, checks and edits an aws-auth ConfigMap, without a cluster and without a database.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use latchkey_domain::eks::aws_auth::{AwsAuth, Data, Edit, LintFinding, Manifest, Severity, Spliced, unified};
use serde_json::json;

/// An edit was refused: standard output stays empty, the reason is on standard error.
const UNSAFE: u8 = 2;

/// Read, check or edit an aws-auth ConfigMap, as aws-iam-authenticator v0.7.2 understands it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: AwsAuthCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AwsAuthCommand {
    /// Print as JSON exactly what the authenticator maps.
    Read {
        #[command(flatten)]
        input: Input,
    },
    /// Print findings about it; exits 1 if one of them is an error.
    Lint {
        #[command(flatten)]
        input: Input,
        /// How the findings are printed.
        #[arg(long, value_enum, default_value_t = AwsAuthFormat::Text)]
        format: AwsAuthFormat,
        /// The cluster's access entries, as `aws eks list-access-entries` prints them: what they override is found.
        #[arg(long, value_name = "FILE")]
        entries: Option<PathBuf>,
    },
    /// Add or remove one entry and change no other byte; exits 2 with the reason if that would be unsafe.
    Edit(EditArgs),
}

#[derive(Debug, clap::Args)]
struct Input {
    /// A ConfigMap in YAML or JSON; standard input if it is absent or `-`.
    file: Option<PathBuf>,
    /// The input is only the `data` of the ConfigMap, as a JSON object of strings.
    #[arg(long)]
    data: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum AwsAuthFormat {
    Text,
    Json,
}

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("change").required(true).args(["add_user", "add_role", "remove"])))]
struct EditArgs {
    #[command(flatten)]
    input: Input,
    /// Map this IAM user; its path is part of the ARN.
    #[arg(long, value_name = "ARN", requires = "username")]
    add_user: Option<String>,
    /// Map this IAM role; its path is not part of the ARN.
    #[arg(long, value_name = "ARN", requires = "username")]
    add_role: Option<String>,
    /// Remove the entry of this ARN.
    #[arg(long, value_name = "ARN", conflicts_with_all = ["username", "group"])]
    remove: Option<String>,
    /// The Kubernetes username of the new entry.
    #[arg(long)]
    username: Option<String>,
    /// A Kubernetes group of the new entry; may be repeated.
    #[arg(long)]
    group: Vec<String>,
}

impl EditArgs {
    fn edit(self) -> anyhow::Result<(Input, Edit)> {
        let Self { input, add_user, add_role, remove, username, group: groups } = self;
        let username = || username.clone().context("--username is missing");
        let edit = match (add_user, add_role, remove) {
            (Some(arn), None, None) => Edit::AddUser { arn, username: username()?, groups },
            (None, Some(arn), None) => Edit::AddRole { arn, username: username()?, groups },
            (None, None, Some(arn)) => Edit::Remove { arn },
            _ => anyhow::bail!("say one of --add-user, --add-role and --remove"),
        };
        Ok((input, edit))
    }
}

/// Runs the command on standard input, output and error.
///
/// # Errors
///
/// If the input cannot be read, or is not a ConfigMap.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let input = match &args.command {
        AwsAuthCommand::Read { input } | AwsAuthCommand::Lint { input, .. } => input,
        AwsAuthCommand::Edit(edit) => &edit.input,
    };
    let text = input.text()?;
    let PrintedAnswer { output, error, code } = answer(args, &text)?;
    super::print(&output)?;
    let _ = std::io::stderr().write_all(error.as_bytes());
    Ok(ExitCode::from(code))
}

impl Input {
    fn text(&self) -> anyhow::Result<String> {
        if let Some(file) = self.file.as_deref().filter(|file| *file != "-") {
            return std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()));
        }
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("failed to read standard input")?;
        Ok(text)
    }
}

/// The output of a command, and its exit code.
#[derive(Debug, PartialEq, Eq)]
struct PrintedAnswer {
    output: String,
    error: String,
    code: u8,
}

fn answer(args: Args, text: &str) -> anyhow::Result<PrintedAnswer> {
    match args.command {
        AwsAuthCommand::Read { input } => {
            let auth = AwsAuth::read(&source(&input, text)?.data());
            let mappings = auth.identities();
            let read = json!({
                "roles": mappings.roles,
                "users": mappings.users,
                "accounts": mappings.accounts,
                "errors": auth.errors(),
            });
            Ok(PrintedAnswer { output: format!("{read:#}\n"), error: String::new(), code: 0 })
        }
        AwsAuthCommand::Lint { input, format, entries } => {
            let auth = AwsAuth::read(&source(&input, text)?.data());
            let mut findings = auth.lint();
            match entries {
                // A cluster with access entries takes nodes in by them.
                Some(file) => {
                    let listed = listed(&file)?;
                    findings.extend(auth.lint_of_entries(&listed.iter().map(String::as_str).collect::<Vec<_>>()));
                }
                None => findings.extend(auth.lint_of_nodes()),
            }
            let is_error = findings.iter().any(|finding| finding.severity == Severity::Error);
            let output = match format {
                AwsAuthFormat::Json => format!("{:#}\n", serde_json::to_value(&findings)?),
                AwsAuthFormat::Text => described(&findings),
            };
            Ok(PrintedAnswer { output, error: String::new(), code: u8::from(is_error) })
        }
        AwsAuthCommand::Edit(edit) => {
            let (input, edit) = edit.edit()?;
            Ok(edited(&source(&input, text)?, &edit))
        }
    }
}

/// The ARNs of a file that `aws eks list-access-entries` printed.
fn listed(file: &Path) -> anyhow::Result<Vec<String>> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Listed {
        access_entries: Vec<String>,
        next_token: Option<String>,
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
    let listed: Listed = serde_json::from_str(&text)
        .with_context(|| format!("{} is not what `aws eks list-access-entries` prints", file.display()))?;
    anyhow::ensure!(
        listed.next_token.is_none(),
        "{} is a part of the list, since it has a nextToken: have it printed without --max-items and --no-paginate",
        file.display()
    );
    Ok(listed.access_entries)
}

/// The kind of text that holds the data.
enum DataSource<'t> {
    Manifest(Manifest<'t>),
    Data(Data),
}

fn source<'t>(input: &Input, text: &'t str) -> anyhow::Result<DataSource<'t>> {
    if !input.data {
        return Ok(DataSource::Manifest(Manifest::read(text)?));
    }
    let data: Option<Data> =
        serde_json::from_str(text).context("the input of --data is not a JSON object of strings")?;
    Ok(DataSource::Data(data.unwrap_or_default()))
}

impl DataSource<'_> {
    fn data(&self) -> Data {
        match self {
            Self::Manifest(manifest) => manifest.data().clone(),
            Self::Data(data) => data.clone(),
        }
    }

    fn with(&self, spliced: &Spliced) -> anyhow::Result<String> {
        match self {
            Self::Manifest(manifest) => Ok(manifest.with(spliced)?),
            Self::Data(data) => Ok(format!("{}\n", serde_json::to_string(&spliced.data(data))?)),
        }
    }
}

fn edited(source: &DataSource<'_>, edit: &Edit) -> PrintedAnswer {
    let refused = |reason: String| PrintedAnswer { output: String::new(), error: format!("{reason}\n"), code: UNSAFE };
    let auth = AwsAuth::read(&source.data());
    let spliced = match auth.may_add(edit).and_then(|()| auth.edit(edit)) {
        Ok(spliced) => spliced,
        Err(reason) => return refused(reason.to_string()),
    };
    let output = match source.with(&spliced) {
        Ok(output) => output,
        Err(reason) => return refused(format!("{reason:#}")),
    };
    let key = spliced.key.as_str();
    let (before, after) = (spliced.before.as_deref(), spliced.after.as_deref());
    let name =
        |side: &str, text: Option<&str>| text.map_or_else(|| "/dev/null".to_owned(), |_| format!("{side}/{key}"));
    let hunk = unified(before.unwrap_or_default(), after.unwrap_or_default());
    let error = format!("--- {}\n+++ {}\n{hunk}", name("a", before), name("b", after));
    PrintedAnswer { output, error, code: 0 }
}

fn described(findings: &[LintFinding]) -> String {
    let mut text = String::new();
    for LintFinding { key, line, severity, rule, message, why, remedy } in findings {
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}:{line}: {severity}: {message} [{rule}]\n    why: {why}\n    do:  {remedy}",
            key.as_str()
        );
    }
    if findings.is_empty() {
        text.push_str("nothing found\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn answered(arguments: &[&str], text: &str) -> PrintedAnswer {
        let line = Line::try_parse_from([&["aws-auth"], arguments].concat()).unwrap();
        answer(line.args, text).unwrap()
    }

    const FILE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth # the name\ndata:\n  mapRoles: |\n    \
                        - rolearn: arn:aws:iam::111122223333:role/node\n      username: system:node:{{EC2PrivateDNSName}}\n      \
                        groups:\n      - system:nodes\n  # people\n  mapUsers: |\n    - userarn: \
                        arn:aws:iam::111122223333:user/joe\n      username: joe\n# the end\n";
    const JANE: &str = "arn:aws:iam::111122223333:user/jane";

    #[test]
    fn read_prints_what_is_mapped_and_what_is_wrong() {
        let data = r#"{"mapUsers":"- userarn: arn:aws:iam::111122223333:user/jane\n  username: 5\n  groups: null\n"}"#;
        let PrintedAnswer { output, code, .. } = answered(&["read", "--data"], data);
        let read: serde_json::Value = serde_json::from_str(&output).unwrap();
        assert_eq!(code, 0);
        assert_eq!(read["users"], json!([{ "userarn": JANE, "username": "", "groups": [] }]));
        assert_eq!((&read["roles"], &read["accounts"]), (&json!([]), &json!([])));
        assert_eq!((&read["errors"][0]["key"], &read["errors"][0]["line"]), (&json!("mapUsers"), &json!(2)));
    }

    #[test]
    fn an_edited_file_keeps_every_other_byte() {
        let add = ["edit", "--add-user", JANE, "--username", "jane", "--group", "readers"];
        let PrintedAnswer { output, error, code } = answered(&add, FILE);
        let entry = "    - userarn: \"arn:aws:iam::111122223333:user/jane\"\n      username: \"jane\"\n      groups:\n        \
                     - \"readers\"\n";
        assert_eq!(code, 0, "{error}");
        assert_eq!(output, FILE.replace("# the end\n", &format!("{entry}# the end\n")));
        assert!(error.contains("+- userarn: \"arn:aws:iam::111122223333:user/jane\"\n"), "{error}");
        assert_eq!(answered(&["edit", "--remove", JANE], &output).output, FILE);
    }

    #[test]
    fn json_goes_in_and_json_comes_out() {
        let file = r#"{"kind": "ConfigMap", "data": {"mapRoles": "[]"}, "apiVersion": "v1"}"#;
        let add = ["edit", "--add-user", JANE, "--username", "jane"];
        let output = answered(&add, file).output;
        let value: serde_json::Value = serde_json::from_str(&output).unwrap();
        assert!(value["data"]["mapUsers"].as_str().unwrap().starts_with("- userarn:"), "{output}");
        assert_eq!(answered(&["edit", "--remove", JANE], &output).output, file);
        let escaped = r#"{"kind": "ConfigMap", "data": {"note": "\ud83d\ude00"}}"#;
        let value: serde_json::Value = serde_json::from_str(&answered(&add, escaped).output).unwrap();
        assert_eq!(value["data"]["note"], "\u{1f600}");
        assert!(value["data"]["mapUsers"].is_string());
        let data = answered(&["edit", "--data", "--add-user", JANE, "--username", "jane"], "{}").output;
        assert_eq!(answered(&["edit", "--data", "--remove", JANE], &data).output, "{}\n");
    }

    #[test]
    fn an_unsafe_edit_prints_nothing_but_its_reason() {
        let broken = r#"{"mapRoles":"- rolearn: [\n"}"#;
        let add = ["edit", "--data", "--add-user", JANE, "--username", "jane"];
        let PrintedAnswer { output, error, code } = answered(&add, broken);
        assert_eq!((output.as_str(), code), ("", 2));
        assert!(error.contains("mapRoles cannot be read"), "{error}");
        let gone = answered(&["edit", "--data", "--remove", JANE], "{}");
        assert_eq!(gone.code, 2);
    }

    #[test]
    fn lint_exits_1_on_an_error_only() {
        let broken = answered(&["lint", "--data"], r#"{"mapRoles":"{"}"#);
        assert_eq!(broken.code, 1);
        assert!(broken.output.contains("no node can join"), "{}", broken.output);
        let fine = answered(&["lint", "--format", "json"], FILE);
        assert_eq!((fine.code, fine.output.as_str()), (0, "[]\n"));
    }

    #[test]
    fn what_is_no_config_map_is_said_so() {
        let line = Line::try_parse_from(["aws-auth", "read"]).unwrap();
        let error = answer(line.args, "kind: Secret\n").unwrap_err().to_string();
        assert!(error.contains("no ConfigMap, but a Secret"), "{error}");
    }
}
