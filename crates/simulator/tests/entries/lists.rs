use serde_json::{Value, json};

use super::client::{Eks, JANE, VIEW, foreign};

/// Every page of a list, each with this many entries at most.
async fn pages(eks: &Eks, most: usize) -> Vec<Vec<String>> {
    let (mut pages, mut token) = (Vec::new(), None::<String>);
    for _ in 0..50 {
        let token_part = token.map(|token| format!("&nextToken={token}")).unwrap_or_default();
        let page = eks.list("modern", &format!("?maxResults={most}{token_part}")).await.good();
        pages.push(serde_json::from_value(page["accessEntries"].clone()).unwrap());
        token = page["nextToken"].as_str().map(str::to_owned);
        if token.is_none() {
            return pages;
        }
    }
    panic!("without end: {pages:?}");
}

async fn with_entries(count: usize) -> (Eks, Vec<String>) {
    let eks = Eks::new().await;
    let arns: Vec<_> = (0..count).map(foreign).collect();
    for arn in &arns {
        eks.create("modern", json!({ "principalArn": arn })).await.good();
    }
    (eks, arns)
}

#[tokio::test]
async fn a_list_names_principals_in_pages() {
    let (eks, arns) = with_entries(5).await;
    let all = eks.list("modern", "").await.good();
    assert_eq!((&all["accessEntries"], &all["nextToken"]), (&json!(arns), &Value::Null));
    assert_eq!(pages(&eks, 2).await, [&arns[0..2], &arns[2..4], &arns[4..]]);
    assert_eq!(pages(&eks, 5).await, [&arns[..]]);
    for query in ["?maxResults=0", "?maxResults=101", "?maxResults=x", "?nextToken=x", "?nextToken=00"] {
        assert_eq!(eks.list("modern", query).await.error().1, "InvalidParameterException", "{query}");
    }
    assert_eq!(eks.list("both", "").await.good()["accessEntries"], json!([]));
}

#[tokio::test]
async fn a_page_can_be_empty_although_there_is_more() {
    let (eks, arns) = with_entries(3).await;
    eks.simulator.aws().entry_knobs().empty_pages(2);
    let none: &[String] = &[];
    assert_eq!(pages(&eks, 2).await, [none, none, &arns[0..2], none, none, &arns[2..]]);
    eks.simulator.aws().entry_knobs().clear();
    assert_eq!(pages(&eks, 2).await, [&arns[0..2], &arns[2..]]);
}

#[tokio::test]
async fn a_list_goes_on_although_its_last_entry_is_gone() {
    let (eks, arns) = with_entries(4).await;
    let first = eks.list("modern", "?maxResults=2").await.good();
    eks.delete("modern", &arns[1]).await.good();
    let token = first["nextToken"].as_str().unwrap();
    let second = eks.list("modern", &format!("?nextToken={token}")).await.good();
    assert_eq!(second["accessEntries"], json!(arns[2..]));
}

#[tokio::test]
async fn a_list_can_be_of_the_entries_with_a_policy() {
    let (eks, _) = with_entries(2).await;
    eks.create("modern", json!({ "principalArn": JANE })).await.good();
    eks.associate("modern", JANE, VIEW, json!({ "type": "cluster" })).await.good();
    let policy = percent_encoding::utf8_percent_encode(VIEW, percent_encoding::NON_ALPHANUMERIC);
    let with_it = eks.list("modern", &format!("?associatedPolicyArn={policy}")).await.good();
    assert_eq!(with_it["accessEntries"], json!([JANE]));
}
