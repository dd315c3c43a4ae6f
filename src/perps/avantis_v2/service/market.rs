//! Market orders: the stream that answers a post, and its replay (avantis-v2.md §3.5).

use std::{collections::VecDeque, time::Duration};

use alloy::transports::http::reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    VenueServiceError, VenueServices,
    client::MOST_STREAM,
    json::Node,
    sse::{Frame, FrameReader},
};
use crate::{
    http,
    perps::avantis_v2::{
        intent::IntentRequest,
        order::{LifeInput, MarketEvent},
    },
};

const SERVICE: &str = "market orders";
/// Heartbeats come every fifteen seconds: after three of them the connection is taken for lost.
const SILENCE: Duration = Duration::from_secs(45);

/// The events of one order as they come.
#[derive(Debug)]
pub struct MarketStream {
    response: Response,
    reader: FrameReader,
    events: VecDeque<MarketEvent>,
    read: usize,
}

impl VenueServices {
    /// Posts a signed order. What comes back instead of a stream is for the order's life: a refusal, or that nothing is known.
    pub async fn post_order(&self, request: &IntentRequest) -> Result<MarketStream, (LifeInput, VenueServiceError)> {
        match self.open(SERVICE, &request.path, request.body.clone()).await {
            Ok(response) => {
                Ok(MarketStream { response, reader: FrameReader::default(), events: VecDeque::new(), read: 0 })
            }
            Err(error) if error.is_refusal() => Err((LifeInput::Refused { reason: error.to_string() }, error)),
            Err(error) => Err((LifeInput::Lost, error)),
        }
    }

    /// What has happened to an order since an event, as inputs of its life.
    pub async fn order_status(
        &self,
        tracking: &str,
        after: Option<u64>,
    ) -> (Vec<LifeInput>, Option<VenueServiceError>) {
        match self.replay(tracking, after).await {
            Ok(events) => (events.into_iter().map(LifeInput::Event).chain([LifeInput::Polled]).collect(), None),
            Err(error) => (vec![LifeInput::PollFailed], Some(error)),
        }
    }

    async fn replay(&self, tracking: &str, after: Option<u64>) -> Result<Vec<MarketEvent>, VenueServiceError> {
        // A name is the service's own text, and part of a path here.
        let name: String = url::form_urlencoded::byte_serialize(tracking.as_bytes()).collect();
        let since = after.map_or_else(String::new, |after| format!("?afterSeq={after}"));
        let path = format!("/batched-market/tracking-id/{name}/status{since}");
        let answer = self.read_gateway(SERVICE, &path).await?;
        let root = Node::root(SERVICE, &answer);
        let Some(events) = root.maybe("events") else { return Ok(Vec::new()) };
        let event = |node: &Node<'_>| {
            let (kind, seq) = (node.field("type")?.text()?, node.maybe("seq"));
            let payload = node.maybe("payload").map_or(&Value::Null, |payload| payload.value());
            let seq = seq.map(|seq| seq.small()).transpose()?;
            MarketEvent::read(seq, kind, payload).map_err(|error| node.wrong(error.to_string()))
        };
        events.list()?.iter().map(event).collect()
    }
}

impl MarketStream {
    /// The next event; [`LifeInput::Lost`] where the stream ends, breaks, is silent too long, or says what cannot be read: the status
    /// tells the rest.
    pub async fn next(&mut self) -> LifeInput {
        loop {
            if let Some(event) = self.events.pop_front() {
                return LifeInput::Event(event);
            }
            let bytes = match timeout(SILENCE, self.response.chunk()).await {
                Ok(Ok(Some(bytes))) => bytes,
                Ok(Ok(None)) => return lost("it ended"),
                Ok(Err(error)) => return lost(&http::causes(&error.without_url())),
                Err(_) => return lost("it is silent"),
            };
            self.read = self.read.saturating_add(bytes.len());
            if self.read > MOST_STREAM {
                return lost("it is too long");
            }
            let Ok(frames) = self.reader.take(&bytes) else { return lost("a line is too long") };
            for frame in frames {
                match event(&frame) {
                    Ok(event) => self.events.push_back(event),
                    Err(reason) => {
                        if self.events.is_empty() {
                            return lost(&reason);
                        }
                        break;
                    }
                }
            }
        }
    }
}

fn lost(reason: &str) -> LifeInput {
    tracing::info!("the stream of a market order is given up: {reason}; its status is asked for");
    LifeInput::Lost
}

fn event(frame: &Frame) -> Result<MarketEvent, String> {
    let payload: Value =
        serde_json::from_str(&frame.data).map_err(|error| format!("{}: not JSON: {error}", frame.event))?;
    let seq = frame.id.as_deref().map(|id| id.trim().parse().map_err(|_| format!("{}: id `{id}`", frame.event)));
    MarketEvent::read(seq.transpose()?, &frame.event, &payload).map_err(|error| error.to_string())
}
