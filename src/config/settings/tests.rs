use super::*;
use secrecy::ExposeSecret;

const SMALLEST: &str = r#"
[server]
public_url = "https://latchkey.example.com"

[login]
issuer = "https://login.example.com"
client_id = "latchkey"
"#;

fn read(text: &str, variables: &[(&str, &str)]) -> CheckedSettings {
    let variables = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    check("latchkey.toml", text, Path::new("/nowhere"), variables)
}

fn told(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    read(text, variables).faults.iter().map(ToString::to_string).collect()
}

#[test]
fn smallest_file_has_defaults_for_the_rest() {
    let CheckedSettings { settings, faults } = read(SMALLEST, &[]);
    assert_eq!(faults, []);
    let settings = settings.unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.server.internal.unwrap().to_string(), "127.0.0.1:9400");
    assert_eq!(settings.worker.internal.unwrap().to_string(), "127.0.0.1:9401");
    assert!(settings.server.is_secure());
    assert_eq!(settings.server.origin(), "https://latchkey.example.com");
    assert_eq!(settings.login.issuer, "https://login.example.com");
    assert_eq!(settings.login.scopes, ["openid", "profile", "email"]);
    assert_eq!(settings.login.session_idle, Duration::from_hours(1));
    assert!(settings.database.web().is_err());
}

#[test]
fn environment_overrides_each_key() {
    let variables = [
        ("LATCHKEY_SERVER__LISTEN", "0.0.0.0:9000"),
        ("LATCHKEY_LOGIN__SCOPES", "openid, groups"),
        ("LATCHKEY_LOGIN__CLIENT_SECRET", "hush"),
        ("LATCHKEY_DATABASE__WEB_URL", "postgres://web:pw@db/latchkey"),
        ("LATCHKEY_DATABASE__CONNECTIONS", "4"),
        ("LATCHKEY_LOG", "debug"),
        ("PATH", "/bin"),
    ];
    let CheckedSettings { settings, faults } = read(SMALLEST, &variables);
    assert_eq!(faults, []);
    let settings = settings.unwrap();
    assert_eq!(settings.server.listen.port(), 9000);
    assert_eq!(settings.login.scopes, ["openid", "groups"]);
    assert_eq!(settings.login.client_secret.as_ref().map(ExposeSecret::expose_secret), Some("hush"));
    assert_eq!(settings.database.web().unwrap().options().get_username(), "web");
    assert_eq!(settings.database.connections, 4);
    assert!(!format!("{settings:?}").contains("hush"));
}

#[test]
fn machines_are_answered_where_it_says_or_nowhere() {
    let text = format!("{SMALLEST}\n[worker]\ninternal = \"0.0.0.0:9500\"\n");
    let settings = read(&text, &[("LATCHKEY_SERVER__INTERNAL", "none")]).settings.unwrap();
    assert_eq!(settings.server.internal, None);
    assert_eq!(settings.worker.internal.unwrap().to_string(), "0.0.0.0:9500");
    assert_eq!(
        told(SMALLEST, &[("LATCHKEY_WORKER__INTERNAL", "9500")]),
        ["LATCHKEY_WORKER__INTERNAL: error: `9500` is not an address to listen at, such as 127.0.0.1:9401, or \
             \"none\" to listen nowhere"]
    );
}

#[test]
fn faults_of_file_and_environment_are_told_together() {
    let text = SMALLEST.replace("client_id", "client_ids").replace("https://latchkey", "http://latchkey");
    let variables =
        [("LATCHKEY_SERVER__LISTEN", "here"), ("LATCHKEY_SERVR__LISTEN", "x"), ("LATCHKEY_AWS__REGOIN", "x")];
    assert_eq!(
        told(&text, &variables),
        [
            "LATCHKEY_SERVR__LISTEN: error: latchkey.toml has no section `servr` (did you mean `server`?)",
            "LATCHKEY_SERVER__LISTEN: error: `here` is not an address to listen at, such as 0.0.0.0:8080",
            "LATCHKEY_AWS__REGOIN: error: [aws] has no `regoin` (did you mean `region`?)",
            "latchkey.toml:3:14: error: `http://latchkey.example.com` must be https: plain http is for a loopback host \
             only, such as 127.0.0.1",
            "latchkey.toml:5:1: error: [login] needs `client_id`",
            "latchkey.toml:7:1: error: [login] has no `client_ids` (did you mean `client_id`?)",
        ]
    );
}

#[test]
fn limits_have_defaults_and_bounds_and_proxies_are_networks() {
    let settings = read(SMALLEST, &[("LATCHKEY_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, fd00::1")]).settings.unwrap();
    assert_eq!(settings.server.trusted_proxies.len(), 2);
    assert_eq!((settings.server.requests_per_person, settings.server.forms_per_session), (60, 600));
    assert_eq!((settings.login.sign_ins_per_address, settings.login.proofs_per_person), (300, 20));
    assert_eq!((settings.login.sign_ins_per_person, settings.login.groups_limit), (60, 100));
    assert_eq!((settings.login.session_absolute, settings.database.connections), (Duration::from_hours(12), 16));
    let text = SMALLEST.replace("[login]", "trusted_proxies = [\"ingress\"]\nrequests_per_person = 0\n[login]");
    assert_eq!(
        told(&text, &[("LATCHKEY_LOGIN__PROOFS_PER_PERSON", "many")]),
        [
            "LATCHKEY_LOGIN__PROOFS_PER_PERSON: error: `proofs_per_person` must be a whole number from 1 to 1000000",
            "latchkey.toml:5:20: error: `ingress` is not an address or network, such as 10.0.0.7 or 10.0.0.0/8",
            "latchkey.toml:6:23: error: `requests_per_person` must be a whole number from 1 to 1000000",
        ]
    );
}

#[test]
fn a_claim_is_a_name_or_the_names_that_lead_to_it() {
    let claims = |text: &str, variables: &[(&str, &str)]| {
        let login = read(&format!("{SMALLEST}{text}"), variables).settings.unwrap().login;
        (login.groups_claim.names().join(" "), login.handle_claim.to_string(), login.other_audiences)
    };
    assert_eq!(claims("", &[]), ("groups".into(), "preferred_username".into(), vec![]));
    let text = "groups_claim = [\"resource_access\", \"latchkey\", \"roles\"]\nhandle_claim = \"a.b\"\nother_audiences = [\"3159\"]\n";
    assert_eq!(claims(text, &[]), ("resource_access latchkey roles".into(), "a.b".into(), vec!["3159".to_owned()]));
    let variables = [("LATCHKEY_LOGIN__GROUPS_CLAIM", "realm_access, roles"), ("LATCHKEY_LOGIN__HANDLE_CLAIM", "sub")];
    assert_eq!(claims(text, &variables).0, "realm_access roles");
    for (wrong, said) in [
        ("groups_claim = []", "must name a claim"),
        ("groups_claim = \" \"", "must name a claim"),
        ("handle_claim = [\"a\", \"\"]", "must name a claim"),
        ("groups_claim = 7", "must be a string or a list of strings"),
        ("groups_claims = \"roles\"", "did you mean `groups_claim`?"),
        ("other_audiences = \"3159\"", "must be a list of strings"),
    ] {
        let told = told(&format!("{SMALLEST}{wrong}\n"), &[]);
        assert!(told.len() == 1 && told[0].contains(said), "{wrong}: {told:?}");
    }
}

#[test]
fn plain_http_is_for_loopback_hosts_only() {
    for (url, fits) in [
        ("https://latchkey.example.com:8443", true),
        ("http://127.0.0.1:8080", true),
        ("http://localhost:8080", true),
        ("http://[::1]:8080/", true),
        ("http://10.0.0.1:8080", false),
        ("http://localhost.example.com", false),
        ("ftp://localhost", false),
        ("https://latchkey.example.com/portal", false),
        ("https://me:pw@latchkey.example.com", false),
        ("latchkey.example.com", false),
    ] {
        let text = SMALLEST.replace("https://latchkey.example.com", url);
        assert_eq!(read(&text, &[]).settings.is_some(), fits, "{url}");
    }
}

#[test]
fn secrets_in_the_file_are_refused_and_never_repeated() {
    let text = format!("{SMALLEST}client_secret = \"hush\"\n[database]\nweb_url = \"postgres://web:hush@db/x\"\n");
    let told = told(&text, &[]);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|fault| !fault.contains("hush")), "{told:?}");
    assert!(told[0].contains("LATCHKEY_LOGIN__CLIENT_SECRET"), "{told:?}");
}

#[test]
fn secret_comes_from_a_file_beside_latchkey_toml() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("owner"), "postgres://owner:pw@db/latchkey\n").unwrap();
    let text = format!("{SMALLEST}\n[database]\nowner_url_file = \"owner\"\nweb_url_file = \"absent\"\n");
    let CheckedSettings { settings, faults } = check("latchkey.toml", &text, folder.path(), []);
    let settings = settings.unwrap();
    assert_eq!(settings.database.owner().unwrap().options().get_username(), "owner");
    assert!(settings.database.web().is_err());
    assert_eq!(faults.len(), 1);
    assert!(!faults[0].is_error());
}

#[test]
fn a_database_url_is_read_as_the_driver_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let checked = |content: &str| {
        std::fs::write(folder.path().join("web"), content).unwrap();
        let text = format!("{SMALLEST}\n[database]\nweb_url_file = \"web\"\n");
        check("latchkey.toml", &text, folder.path(), [])
    };
    for (content, said) in [
        ("", "is empty"),
        ("\n", "is empty"),
        ("\"postgres://web:pw@db/x\"", "quotation marks"),
        ("postgres://web:hun#ter2@db/x", "`#` is %23"),
        ("postgres://web:hun/ter2@db/x", "`#` is %23"),
        ("postgres://web:pw@db/x?sslmode=requir", "an `sslmode` that there is not"),
        ("postgres://web:pw@db/x?sslmod=require", "the parameter `sslmod`"),
        ("postgres://web:pw@db/x \n", "ends with a blank"),
        ("postgres://web:pw@db/x\npostgres://other", "several lines"),
    ] {
        let faults = checked(content).faults;
        assert!(faults.len() == 1 && faults[0].is_error(), "{content}: {faults:?}");
        let told = faults[0].to_string();
        assert!(told.starts_with("latchkey.toml:10:16: error: ") && told.contains(said), "{content}: {told}");
        assert!(!told.contains("ter2"), "{told}");
    }
    // As written by PowerShell's `>`.
    let wide: Vec<u8> = "\u{feff}postgres://web:hunter2@db/x".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(folder.path().join("web"), wide).unwrap();
    let text = format!("{SMALLEST}\n[database]\nweb_url_file = \"web\"\n");
    let faults = check("latchkey.toml", &text, folder.path(), []).faults;
    assert!(faults.len() == 1 && faults[0].is_error(), "{faults:?}");
    assert!(faults[0].to_string().contains("is not text in UTF-8 (save it as UTF-8"), "{}", faults[0]);
    for content in ["\u{feff}postgres://web:pw@[::1]/x\r\n", "postgres://web:p%23w@db/x?sslmode=verify-full"] {
        assert_eq!(checked(content).faults, [], "{content}");
    }
    let told = told(SMALLEST, &[("LATCHKEY_DATABASE__WEB_URL", "postgres://web:hun#ter2@db/x")]);
    assert!(told[0].starts_with("LATCHKEY_DATABASE__WEB_URL: error: ") && !told[0].contains("ter2"), "{told:?}");
}

#[test]
fn one_role_behind_two_database_urls_is_named() {
    let variables = |web: &'static str, worker: &'static str| {
        [("LATCHKEY_DATABASE__WEB_URL", web), ("LATCHKEY_DATABASE__WORKER_URL", worker)]
    };
    let one = told(SMALLEST, &variables("postgres://latchkey@db/x", "postgres://latchkey:pw@db.internal/x"));
    assert_eq!(one.len(), 1, "{one:?}");
    assert!(
        one[0]
            .starts_with("LATCHKEY_DATABASE__WORKER_URL: warning: `worker_url` signs in as the same role as `web_url`")
    );
    let two = variables("postgres://latchkey_web@db/x", "postgres://latchkey_worker@db/x");
    assert_eq!(told(SMALLEST, &two), [""; 0]);
}

#[test]
fn a_url_with_a_password_in_it_is_shown_in_no_part() {
    for url in [
        "https://me:hun#ter2@proxy.example.com",
        "https://me:hun/ter2@proxy.example.com",
        "https://me:hunter2@proxy.example.com",
        "http://me:hunter2@proxy.example.com",
        "me:hunter2@proxy.example.com",
        "ftp://me:hunter2@proxy.example.com",
        "https://proxy.example.com:x?me:hunter2@",
    ] {
        for key in ["AWS__IAM_URL", "AWS__STS_URL", "AWS__EKS_URL", "SERVER__PUBLIC_URL", "LOGIN__ISSUER"] {
            let all = told(SMALLEST, &[(&format!("LATCHKEY_{key}"), url)]);
            assert!(!all.is_empty(), "{key} {url}");
            assert!(all.iter().all(|said| !said.contains("hun") && !said.contains("ter2")), "{all:?}");
        }
    }
}

#[test]
fn the_schema_is_public_or_what_it_says() {
    let schema = |value: &str| {
        let variables = [("LATCHKEY_DATABASE__SCHEMA", value), ("LATCHKEY_DATABASE__WEB_URL", "postgres://web@db/x")];
        read(SMALLEST, &variables).settings.map(|settings| settings.database.web().unwrap().schema().to_owned())
    };
    assert_eq!(schema("latchkey").as_deref(), Some("latchkey"));
    assert_eq!(schema("Latch-Key"), None);
    let usual = read(SMALLEST, &[("LATCHKEY_DATABASE__WEB_URL", "postgres://web@db/x")]).settings.unwrap();
    assert_eq!(usual.database.web().unwrap().schema(), "public");
}

#[test]
fn what_is_often_written_for_an_issuer_a_scope_or_a_name_is_told_what_was_meant() {
    let issuer =
        SMALLEST.replace("https://login.example.com", "https://login.example.com/.well-known/openid-configuration");
    assert!(told(&issuer, &[])[0].contains("such as https://login.example.com"), "{:?}", told(&issuer, &[]));
    for issuer in ["https://login.example.com/v2.0?p=B2C_1_A", "https://login.example.com/{tenantid}/v2.0"] {
        let told = told(&SMALLEST.replace("https://login.example.com", issuer), &[]);
        assert!(told[0].contains("is not an issuer"), "{told:?}");
    }
    assert!(told(SMALLEST, &[("LATCHKEY_AWS__REGION", "eu-west-1a")])[0].contains("is not a region"));
    for (text, said) in [
        ("scopes = \"openid profile\"\n", "must be a list of strings"),
        ("scopes = [\"openid profile\"]\n", "is more than one scope"),
        ("provider = \"Acme \"\n", "begins or ends with a blank"),
        ("other_audiences = [\" 3159\"]\n", "begins or ends with a blank"),
    ] {
        let told = told(&format!("{SMALLEST}{text}"), &[]);
        assert!(told.len() == 1 && told[0].contains(said), "{text}: {told:?}");
    }
    assert!(told(SMALLEST, &[("LATCHKEY_LOGIN__SCOPES", "openid profile")])[0].contains("is more than one scope"));
    assert!(told(SMALLEST, &[("LATCHKEY_LOGIN__CLIENT_ID", "x ")])[0].contains("ends with a blank"));
}

#[test]
fn time_zones_are_known_on_a_machine_without_any() {
    assert!(jiff::tz::TimeZoneDatabase::bundled().get("Europe/Berlin").is_ok());
    let text = SMALLEST.replace("[login]", "time_zone = \"Europe/Berlin\"\n[login]");
    assert_eq!(read(&text, &[]).settings.unwrap().server.time_zone.iana_name(), Some("Europe/Berlin"));
}

#[test]
fn idle_end_is_not_behind_the_absolute_one() {
    let told = |keys: &str| told(&format!("{SMALLEST}{keys}"), &[]);
    assert!(told("session_idle = \"2h\"\nsession_absolute = \"1h\"\n")[0].contains("longer than"));
    // An absent key counts with its default.
    let [alone] = &told("session_idle = \"24h\"\n")[..] else { panic!("{:?}", told("session_idle = \"24h\"\n")) };
    assert!(alone.ends_with("`session_idle` is longer than `session_absolute`, which is 12h by default"), "{alone}");
    let [alone] = &told("session_absolute = \"30m\"\n")[..] else { panic!("half an hour is less than one") };
    assert!(alone.contains("shorter than `session_idle`, which is 1h by default"), "{alone}");
    assert_eq!(told("session_absolute = \"2h\"\n"), [""; 0]);
    assert_eq!(told("session_idle = \"never\"\nsession_absolute = \"30m\"\n").len(), 1);
}

#[test]
fn a_fault_of_syntax_brings_no_fault_that_is_none() {
    let text = format!("[server\nlisten = \"127.0.0.1:80\"\n{}", SMALLEST.replace("[server]", ""));
    let told = told_of("deploy.toml", &text);
    assert!(told.iter().all(|fault| fault.starts_with("deploy.toml:1:")), "{told:?}");
    assert!(!told.is_empty() && !told.iter().any(|fault| fault.contains("listen")), "{told:?}");
    let unknown = told_of("deploy.toml", &format!("listen = \"127.0.0.1:80\"\n{SMALLEST}"));
    assert!(unknown[0].starts_with("deploy.toml:1:1: error: the file has no `listen`"), "{unknown:?}");
}

fn told_of(file: &str, text: &str) -> Vec<String> {
    check(file, text, Path::new("/nowhere"), []).faults.iter().map(ToString::to_string).collect()
}
