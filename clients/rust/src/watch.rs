//! Lists of many pages, and watches that go on: when a connection is lost, or the node is busy, a watch waits and asks
//! for the rest.

use std::{pin::Pin, time::Duration};

use async_stream::try_stream;

use crate::error::{Code, Error, Result};

/// What a list or a watch returns, one after the other. It ends after an error.
pub type Stream<T> = Pin<Box<dyn futures_core::Stream<Item = Result<T>> + Send>>;

/// A node sends a sign of life every 15 seconds.
const SILENCE: Duration = Duration::from_secs(40);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Lists all items, page by page. `ask` takes the token of a page, and returns its items and the token of the next.
pub(crate) fn pages<T, Asked>(ask: impl Fn(String) -> Asked + Send + 'static) -> Stream<T>
where
    T: Send + 'static,
    Asked: Future<Output = Result<(Vec<T>, String)>> + Send + 'static,
{
    Box::pin(try_stream! {
        let mut token = String::new();
        loop {
            let (items, next) = ask(token).await?;
            for item in items {
                yield item;
            }
            token = next;
            if token.is_empty() {
                break;
            }
        }
    })
}

/// Follows a watch, and begins again where it was cut. `ask` begins it after the arrival of a number, and `sequence`
/// is the number up to which a message covers the arrivals.
pub(crate) fn follow<Message, Asked>(
    after: u64,
    ask: impl Fn(u64) -> Asked + Send + 'static,
    sequence: fn(&Message) -> u64,
) -> Stream<Message>
where
    Message: Send + 'static,
    Asked: Future<Output = Result<tonic::Streaming<Message>>> + Send + 'static,
{
    Box::pin(try_stream! {
        let (mut after, mut pace) = (after, Pace::new());
        loop {
            let ended = match ask(after).await {
                Ok(mut messages) => loop {
                    match next(&mut messages).await {
                        Ok(message) => {
                            pace = Pace::new();
                            let covered = sequence(&message);
                            yield message;
                            // Only what was handed over is never asked for again.
                            after = after.max(covered);
                        }
                        Err(error) => break error,
                    }
                },
                Err(error) => error,
            };
            pace.pause(ended).await?;
        }
    })
}

/// How long to wait before a call is made again.
pub(crate) struct Pace(Duration);

impl Pace {
    pub fn new() -> Pace {
        Pace(FIRST_WAIT)
    }

    /// Waits if the call may be made again after this error, or else returns the error.
    pub async fn pause(&mut self, error: Error) -> Result<()> {
        use Code::*;
        let lost = matches!(error.code(), Disconnected | Unreachable | Timeout | Closed | NotStarted);
        if !lost && !matches!(error.code(), ViewBuilding | ResourceExhausted) {
            return Err(error);
        }
        tokio::time::sleep(error.retry_after().unwrap_or(self.0)).await;
        self.0 = (self.0 * 2).min(LONGEST_WAIT);
        Ok(())
    }
}

/// Returns the next message of a stream, or an error once the node is silent or ends it.
pub(crate) async fn next<T>(stream: &mut tonic::Streaming<T>) -> Result<T> {
    match tokio::time::timeout(SILENCE, stream.message()).await {
        Ok(Ok(Some(message))) => Ok(message),
        Ok(Ok(None)) => Err(Error::new(Code::Disconnected, "The node ended its answer.")),
        Ok(Err(status)) => Err(status.into()),
        Err(_) => Err(Error::new(Code::Disconnected, "The node sent no sign of life for 40 seconds.")),
    }
}
