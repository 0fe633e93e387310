package io.github.causewaysync.client;

import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What a list or a watch returns, one after the other, as it is asked for. It can be iterated once. Close a feed that is
 * not read to its end; after an exception it is over.
 */
public final class Feed<T> implements Iterable<T>, AutoCloseable {
  /** A node sends a sign of life every 15 seconds. */
  private static final long SILENCE_SECONDS = 40;

  /** Where a feed comes from. */
  interface Source<T> extends AutoCloseable {
    /** Returns the next item, or null at the end. */
    T next();

    @Override
    default void close() {}
  }

  private final Source<T> source;
  private boolean iterated;

  Feed(Source<T> source) {
    this.source = source;
  }

  @Override
  public Iterator<T> iterator() {
    if (iterated) throw new IllegalStateException("A feed can be iterated once.");
    iterated = true;
    return new Iterator<>() {
      private T next;

      @Override
      public boolean hasNext() {
        if (next == null) next = source.next();
        return next != null;
      }

      @Override
      public T next() {
        if (!hasNext()) throw new NoSuchElementException();
        T item = next;
        next = null;
        return item;
      }
    };
  }

  /** Returns the feed as a stream, which closes it when it is closed. */
  public Stream<T> stream() {
    var items = Spliterators.spliteratorUnknownSize(iterator(), Spliterator.ORDERED | Spliterator.NONNULL);
    return StreamSupport.stream(items, false).onClose(this::close);
  }

  @Override
  public void close() {
    source.close();
  }

  /** One page of a list, and the token of the next. */
  record Page<T>(Iterable<T> items, String next) {}

  /** Lists all items, page by page. {@code ask} takes the token of a page. */
  static <T> Feed<T> pages(Function<String, Page<T>> ask) {
    return new Feed<>(
        new Source<>() {
          private String token = "";
          private Iterator<T> items;

          @Override
          public T next() {
            // Ends: each turn takes an item, or asks for another page.
            while (items == null || !items.hasNext()) {
              if (items != null && token.isEmpty()) return null;
              Page<T> page = ask.apply(token);
              items = page.items.iterator();
              token = page.next;
            }
            return items.next();
          }
        });
  }

  /**
   * Follows a watch, and begins again where it was cut. {@code ask} begins it after the arrival of a number, and {@code
   * sequence} is the number up to which a message covers the arrivals.
   */
  static <M> Source<M> follow(long after, LongFunction<BlockingClientCall<?, M>> ask, ToLongFunction<M> sequence) {
    return new Source<>() {
      private final Pace pace = new Pace();
      private long covered = after;
      private long pending = after;
      private BlockingClientCall<?, M> call;
      private volatile boolean closed;

      @Override
      public M next() {
        // Only what was handed over is never asked for again.
        covered = Math.max(covered, pending);
        // Ends: with a message, or with an error that waiting does not heal.
        while (!closed)
          try {
            if (call == null) call = ask.apply(covered);
            M message = read(call, SILENCE_SECONDS);
            if (message == null) throw new CausewayException("DISCONNECTED", "The node ended the watch.");
            pace.reset();
            pending = sequence.applyAsLong(message);
            return message;
          } catch (CausewayException error) {
            if (call != null) call.cancel("The watch begins again.", null);
            call = null;
            if (!closed) pace.pause(error);
          }
        return null;
      }

      @Override
      public void close() {
        closed = true;
        BlockingClientCall<?, M> open = call;
        if (open != null) open.cancel("The watch was closed.", null);
      }
    };
  }

  /** Returns the next message of a call, or null at its end. */
  static <M> M read(BlockingClientCall<?, M> call, long seconds) {
    try {
      return call.read(seconds, TimeUnit.SECONDS);
    } catch (StatusException error) {
      throw CausewayException.from(error);
    } catch (TimeoutException silent) {
      throw new CausewayException("DISCONNECTED", "The node was silent for " + seconds + " seconds.", silent);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new CausewayException("CANCELLED", "The thread was interrupted.", interrupted);
    }
  }

  /** How long to wait before a call is made again. */
  static final class Pace {
    private static final Duration FIRST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofSeconds(5);
    private Duration wait = FIRST;

    void reset() {
      wait = FIRST;
    }

    /** Waits if the call may be made again after this error, or else throws the error. */
    void pause(CausewayException error) {
      switch (error.code()) {
        // The connection was lost, or the node is busy.
        case "DISCONNECTED", "UNREACHABLE", "TIMEOUT", "CLOSED", "NOT_STARTED" -> {}
        case "VIEW_BUILDING", "RESOURCE_EXHAUSTED" -> {}
        default -> throw error;
      }
      try {
        Thread.sleep(error.retryAfter().orElse(wait).toMillis());
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new CausewayException("CANCELLED", "The thread was interrupted.", interrupted);
      }
      wait = wait.multipliedBy(2).compareTo(LONGEST) > 0 ? LONGEST : wait.multipliedBy(2);
    }
  }
}
