use proptest::prelude::*;

use super::{AccountId, AssumedRoleArn, ClusterArn, Partition, PrincipalArn, RoleArn, UserArn};

#[test]
fn user_arn_keeps_path_and_name_apart() {
    let arn = UserArn::parse("arn:aws-us-gov:iam::111122223333:user/latchkey/eu/jane.doe@x").unwrap();
    assert_eq!((arn.path(), arn.name()), ("/latchkey/eu/", "jane.doe@x"));
    assert_eq!((arn.partition(), arn.account().as_str()), (Partition::AwsUsGov, "111122223333"));
    assert_eq!(UserArn::parse("arn:aws:iam::111122223333:user/jane").unwrap().path(), "/");
}

#[test]
fn session_of_a_role_is_its_role_without_path() {
    let session = "arn:aws-cn:sts::111122223333:assumed-role/Admin/jane@example.com";
    let PrincipalArn::Role(role) = PrincipalArn::parse(session).unwrap() else { unreachable!("a role") };
    assert_eq!(role.as_str(), "arn:aws-cn:iam::111122223333:role/Admin");
    assert_eq!(AssumedRoleArn::parse(session).unwrap().session(), "jane@example.com");
    let with_path = RoleArn::parse("arn:aws-cn:iam::111122223333:role/team/Admin").unwrap();
    assert_eq!(with_path.without_path(), role);
}

#[test]
fn refused_texts_say_why() {
    for (text, why) in [
        ("", "the form is"),
        ("jane", "the form is"),
        ("arn:aws:iam::111122223333:root", "root user"),
        ("arn:aws:iam::111122223333:group/devs", "group"),
        ("arn:aws:sts::111122223333:federated-user/bob", "federated"),
        ("arn:aws:iam::11112222333:user/jane", "12 digits"),
        ("arn:aws-mars:iam::111122223333:user/jane", "partitions are"),
        ("arn:aws:iam:eu-west-1:111122223333:user/jane", "the form is"),
        ("arn:aws:iam::111122223333:user/", "1 to 64"),
        ("arn:aws:iam::111122223333:user", "the form is"),
        ("arn:aws:iam::111122223333:users/jane", "the form is"),
        ("arn:aws:iam::111122223333:user/ja ne", "character"),
        ("arn:aws:iam::111122223333:user/jane\n", "character"),
        ("arn:aws:iam::111122223333:user/j\u{e4}ne", "character"),
        ("arn:aws:iam::111122223333:user/ja:ne", "1 to 64"),
        ("arn:aws:sts::111122223333:assumed-role/Admin", "the form is"),
        ("arn:aws:sts::111122223333:assumed-role/Admin/", "not empty"),
        ("arn:aws:sts::111122223333:assumed-role/a/b/c", "no slash"),
    ] {
        let error = PrincipalArn::parse(text).unwrap_err();
        assert!(error.why().contains(why), "{text}: {error}");
    }
    let long = format!("arn:aws:iam::111122223333:user/{}", "x".repeat(65));
    assert!(PrincipalArn::parse(&long).is_err());
    assert!(PrincipalArn::parse(&"x".repeat(1_000_000)).unwrap_err().to_string().len() < 500);
}

#[test]
fn cluster_arn_names_region_and_cluster() {
    let arn = ClusterArn::parse("arn:aws:eks:eu-west-1:111122223333:cluster/prod_eu-1").unwrap();
    assert_eq!((arn.region(), arn.name(), arn.account().as_str()), ("eu-west-1", "prod_eu-1", "111122223333"));
    for text in [
        "arn:aws:eks::111122223333:cluster/prod",
        "arn:aws:eks:EU-west-1:111122223333:cluster/prod",
        "arn:aws:eks:cn-north-1:111122223333:cluster/prod",
        "arn:aws:eks:eu-west-1:111122223333:cluster/-prod",
        "arn:aws:eks:eu-west-1:111122223333:cluster/prod/x",
        "arn:aws:eks:eu-west-1:111122223333:cluster/",
        "arn:aws:eks:eu-west-1:111122223333:nodegroup/prod",
        "arn:aws:ecs:eu-west-1:111122223333:cluster/prod",
    ] {
        assert!(ClusterArn::parse(text).is_err(), "{text}");
    }
}

#[test]
fn regions_belong_to_partitions_by_their_names() {
    for (region, partition) in [
        ("us-east-1", Some(Partition::Aws)),
        ("ap-southeast-7", Some(Partition::Aws)),
        ("us-gov-west-1", Some(Partition::AwsUsGov)),
        ("cn-northwest-1", Some(Partition::AwsCn)),
        ("us-isob-east-1", Some(Partition::AwsIsoB)),
        ("eusc-de-east-1", Some(Partition::AwsEusc)),
        ("us-east", None),
        ("s3-us-west-2", None),
        ("us--1", None),
        ("evil-east-1", None),
    ] {
        assert_eq!(Partition::of_region(region), partition, "{region}");
    }
}

#[test]
fn arns_are_strings_in_json() {
    let text = "\"arn:aws:iam::111122223333:user/a/jane\"";
    let arn: PrincipalArn = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&arn).unwrap(), text);
    assert!(serde_json::from_str::<UserArn>("\"arn:aws:iam::1:user/jane\"").is_err());
    assert_eq!(format!("{:>14}", AccountId::parse("111122223333").unwrap()), "  111122223333");
}

proptest! {
    #[test]
    fn whatever_parses_prints_as_it_was(path in "(/[a-z!~]{1,5}){0,3}", name in "[A-Za-z0-9_+=,.@-]{1,64}") {
        let text = format!("arn:aws:iam::123456789012:user{path}/{name}");
        let arn = UserArn::parse(&text).unwrap();
        prop_assert_eq!(arn.to_string(), text);
        prop_assert_eq!(arn.path(), format!("{path}/"));
        prop_assert_eq!(arn.name(), name);
    }

    #[test]
    fn no_text_makes_parsing_panic(text in ".{0,80}") {
        let _ = PrincipalArn::parse(&text);
        let _ = ClusterArn::parse(&text);
    }
}
