//! The matrix: each situation alone and beside a daemon, side by side.

use super::{
    answer::Form,
    world::{Situation, day},
};

/// The same day alone and beside a daemon: the same codes, and the same form of every answer.
async fn is_the_same_beside_a_daemon(alone: Situation) {
    let beside = Situation { watched: true, ..alone };
    let (alone, beside) = tokio::join!(Box::pin(day(alone)), Box::pin(day(beside)));
    assert_eq!(alone.len(), beside.len());
    for (alone, beside) in alone.into_iter().zip(beside) {
        assert_eq!(alone, beside);
    }
}

const fn at(crowded: bool, paused: bool, form: Form) -> Situation {
    Situation { watched: false, crowded, paused, form }
}

#[tokio::test]
async fn every_command_answers_beside_a_daemon_as_it_does_alone() {
    Box::pin(is_the_same_beside_a_daemon(at(false, false, Form::Json))).await;
}

#[tokio::test]
async fn and_in_words() {
    Box::pin(is_the_same_beside_a_daemon(at(false, false, Form::Words))).await;
}

#[tokio::test]
async fn every_command_is_about_its_own_loop_among_others_a_deposit_and_dust() {
    Box::pin(is_the_same_beside_a_daemon(at(true, false, Form::Json))).await;
}

#[tokio::test]
async fn and_in_words_too() {
    Box::pin(is_the_same_beside_a_daemon(at(true, false, Form::Words))).await;
}

#[tokio::test]
async fn a_paused_account_takes_no_risk_from_any_command_and_lets_all_others_through() {
    Box::pin(is_the_same_beside_a_daemon(at(true, true, Form::Json))).await;
}

#[tokio::test]
async fn a_paused_account_with_one_loop_does_the_same_and_says_it_in_words() {
    Box::pin(is_the_same_beside_a_daemon(at(false, true, Form::Words))).await;
}
