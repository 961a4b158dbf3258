//! Properties of every text that comes from outside. The fuzz targets in `fuzz/` run the same functions: this file uses
//! no test framework, and an assertion that fails is what they find.

use jiff::Timestamp;
use latchkey_domain::eks::{
    arn::{ClusterArn, PrincipalArn, UserArn},
    aws_auth::{AwsAuth, Data, Edit, Key},
    token::{self, PresignedIdentity, ProofContext, StsHost},
};

/// The name that tokens have to be signed for.
pub const NONCE: &str = "latchkey-nonce";

/// The time at which tokens are checked.
pub fn now() -> Timestamp {
    Timestamp::constant(1_795_514_400, 0)
}

fn data(key: Key, text: &str) -> Data {
    Data::from([(key.as_str().to_owned(), text.to_owned())])
}

/// Any text is read, the same each time, with what is odd about it.
pub fn aws_auth_read(text: &str) {
    for key in Key::ALL {
        let data = data(key, text);
        let auth = AwsAuth::read(&data);
        assert_eq!(auth.data(), &data);
        assert_eq!(auth.identities(), AwsAuth::read(&data).identities());
        let _ = auth.lint();
    }
}

/// An edit changes one run of bytes and one entry, and can be undone without a trace; or it is refused.
pub fn aws_auth_edit(text: &str) {
    let (groups, username) = (Vec::new(), "latchkey:jane:1".to_owned());
    let (user, role) = ("arn:aws:iam::111122223333:user/latchkey/new", "arn:aws:iam::111122223333:role/new");
    let add_user = Edit::AddUser { arn: user.to_owned(), username: username.clone(), groups: groups.clone() };
    let add_role = Edit::AddRole { arn: role.to_owned(), username, groups };
    for (key, arn, edit) in [(Key::MapUsers, user, add_user), (Key::MapRoles, role, add_role)] {
        let data = data(key, text);
        let before = AwsAuth::read(&data);
        removes_what_was_there(&data, &before);
        let Ok(spliced) = before.edit(&edit) else { continue };
        let after = spliced.data(&data);
        let old = spliced.before.as_deref().unwrap_or_default();
        let (head, tail) = (&old[..spliced.at], &old[spliced.at + spliced.removed.len()..]);
        assert_eq!(spliced.after.as_deref(), Some(format!("{head}{}{tail}", spliced.inserted).as_str()));
        let read = AwsAuth::read(&after);
        assert_eq!(read.identities().lookup(arn).map(|m| m.username.into_owned()).as_deref(), Some("latchkey:jane:1"));
        let (mut users, mut roles) = (read.identities().users.clone(), read.identities().roles.clone());
        users.retain(|entry| entry.userarn != arn);
        roles.retain(|entry| entry.rolearn.as_deref() != Some(arn));
        assert_eq!((&users, &roles), (&before.identities().users, &before.identities().roles));
        assert_eq!(spliced.undo().data(&after), data);
        if spliced.removed.is_empty() {
            let bytes = Edit::RemoveBytes { key, bytes: spliced.inserted.clone() };
            assert_eq!(read.edit(&bytes).map(|gone| gone.data(&after)), Ok(data));
        }
    }
}

/// Removing an entry leaves all others, and every byte that is not its own.
fn removes_what_was_there(data: &Data, auth: &AwsAuth) {
    let Some(first) = auth.identities().users.first().map(|user| user.userarn.clone()) else { return };
    let Ok(spliced) = auth.edit(&Edit::Remove { arn: first.clone() }) else { return };
    let after = spliced.data(data);
    let mut left = auth.identities().users.clone();
    left.retain(|user| !user.userarn.eq_ignore_ascii_case(&first));
    assert_eq!(AwsAuth::read(&after).identities().users, left);
    assert_eq!(spliced.undo().data(&after), *data);
}

/// A pasted text is not a proof, or it leads to STS over https and to nothing else, exactly as it will be sent.
pub fn presigned_token(text: &str) {
    let context = ProofContext { cluster_id: NONCE.to_owned(), now: now(), partitions: vec![] };
    for pasted in [text.to_owned(), token::encode(text)] {
        let Ok(presigned) = PresignedIdentity::parse(&pasted, &context) else { continue };
        let url = presigned.url();
        let parsed = url::Url::parse(url).expect("what is sent is a URL");
        assert_eq!(parsed.as_str(), url, "the client would send something else");
        assert_eq!((parsed.scheme(), parsed.port()), ("https", None));
        assert_eq!((parsed.username(), parsed.password()), ("", None));
        let host = parsed.host_str().expect("a host");
        assert_eq!(host, presigned.host().as_str());
        assert!(StsHost::parse(host).is_some(), "{host} is no STS");
        assert_eq!(url, format!("https://{host}{}", presigned.path_and_query()));
        assert!(!format!("{presigned:?}").contains(url), "Debug shows the request");
    }
}

/// An ARN that is taken reads the same again.
pub fn arns(text: &str) {
    if let Ok(arn) = PrincipalArn::parse(text) {
        assert_eq!(PrincipalArn::parse(arn.as_str()).as_ref(), Ok(&arn));
    }
    if let Ok(arn) = UserArn::parse(text) {
        assert_eq!(UserArn::parse(arn.as_str()).as_ref(), Ok(&arn));
    }
    if let Ok(arn) = ClusterArn::parse(text) {
        assert_eq!(ClusterArn::parse(arn.as_str()).as_ref(), Ok(&arn));
    }
}
