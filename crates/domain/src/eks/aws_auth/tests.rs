use super::*;

fn data(users: &str) -> Data {
    Data::from([("mapUsers".to_owned(), users.to_owned())])
}

fn add(arn: &str) -> Edit {
    Edit::AddUser { arn: arn.to_owned(), username: "latchkey:jane:1".to_owned(), groups: Vec::new() }
}

const JANE: &str = "arn:aws:iam::111122223333:user/jane";

#[test]
fn an_entry_is_added_behind_the_last_one_and_goes_without_a_trace() {
    let before = data("- userarn: arn:aws:iam::111122223333:user/joe\n  username: joe\n# the end\n");
    let spliced = AwsAuth::read(&before).edit(&add(JANE)).unwrap();
    let between = spliced.data(&before);
    assert_eq!(
        between["mapUsers"],
        "- userarn: arn:aws:iam::111122223333:user/joe\n  username: joe\n\
         - userarn: \"arn:aws:iam::111122223333:user/jane\"\n  username: \"latchkey:jane:1\"\n  groups: []\n# the end\n"
    );
    let auth = AwsAuth::read(&between);
    assert_eq!(auth.identities().lookup(JANE).unwrap().username, "latchkey:jane:1");
    let bytes = Edit::RemoveBytes { key: Key::MapUsers, bytes: spliced.inserted.clone() };
    assert_eq!(auth.edit(&bytes).unwrap().data(&between), before);
    assert_eq!(auth.edit(&Edit::Remove { arn: JANE.to_owned() }).unwrap().data(&between), before);
    assert_eq!(spliced.undo().data(&between), before);
}
