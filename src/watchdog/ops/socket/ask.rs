//! Which answer belongs to which request: a command asks with one of these and reads nothing else.

use serde::de::DeserializeOwned;

use super::{
    reply::{
        DaemonStatus, Delivered, Governed, Pong, ReconcileAnswer, Recorded, Reloaded, SignalTaken, SignalsResumed,
        Stopping, ThresholdsAnswer,
    },
    request::Request,
    with::{AdoptWith, ChangeWith, DrilledWith, FlattenWith, PaperWith, ReconcileWith, SignalResumeWith, Submit},
};
use crate::{
    loops::Adopted,
    trade::{FlattenReport, saga::SignalOrder},
};

/// A request and the type of its answer.
pub trait Ask {
    /// What is answered.
    type Answer: DeserializeOwned;

    /// As it goes over the wire.
    fn request(self) -> Request;
}

/// Whether the daemon is there.
#[derive(Debug, Clone, Copy)]
pub struct Ping;

/// How it is.
#[derive(Debug, Clone, Copy)]
pub struct Status;

/// Open nothing new.
#[derive(Debug, Clone, Copy)]
pub struct Pause(pub PaperWith);

/// Open again.
#[derive(Debug, Clone, Copy)]
pub struct Resume(pub PaperWith);

/// Read the settings again.
#[derive(Debug, Clone, Copy)]
pub struct Reload;

/// End in good order.
#[derive(Debug, Clone, Copy)]
pub struct Stop;

macro_rules! asks {
    ($($ask:ty => $answer:ty, |$own:pat_param| $request:expr;)+) => {
        $(impl Ask for $ask {
            type Answer = $answer;

            fn request(self) -> Request {
                let $own = self;
                $request
            }
        })+
    };
}

asks! {
    Ping => Pong, |_| Request::Ping;
    Status => DaemonStatus, |_| Request::Status;
    Submit => Delivered, |with| Request::Submit(Box::new(with));
    AdoptWith => Adopted, |with| Request::Adopt(Box::new(with));
    ChangeWith => ThresholdsAnswer, |with| Request::Thresholds(with);
    Pause => Governed, |Self(with)| Request::Pause(with);
    Resume => Governed, |Self(with)| Request::Resume(with);
    FlattenWith => FlattenReport, |with| Request::Flatten(with);
    SignalOrder => SignalTaken, |order| Request::Signal(Box::new(order));
    SignalResumeWith => SignalsResumed, |with| Request::SignalResume(Box::new(with));
    ReconcileWith => ReconcileAnswer, |with| Request::Reconcile(with);
    DrilledWith => Recorded, |with| Request::Drilled(with);
    Reload => Reloaded, |_| Request::Reload;
    Stop => Stopping, |_| Request::Stop;
}
