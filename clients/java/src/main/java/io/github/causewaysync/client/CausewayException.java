package io.github.causewaysync.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.github.causewaysync.v1.ErrorDetail;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Why something failed: a stable code such as {@code UNKNOWN_TREE}, data, and when to try again. A failed call carries
 * them; what this client itself finds has the same codes. Causeway's docs/errors.md lists them.
 */
public final class CausewayException extends RuntimeException {
  private static final Duration LONGEST_WAIT = Duration.ofHours(1);

  private final String code;
  private final Map<String, String> data;
  private final Duration retryAfter;

  CausewayException(String code, String message) {
    this(code, message, Map.of(), Duration.ZERO, null);
  }

  CausewayException(String code, String message, Throwable cause) {
    this(code, message, Map.of(), Duration.ZERO, cause);
  }

  CausewayException(
      String code, String message, Map<String, String> data, Duration retryAfter, Throwable cause) {
    super(message, cause);
    this.code = code;
    this.data = Map.copyOf(data);
    this.retryAfter = retryAfter;
  }

  /** Returns why it failed. The message is for people and may change; the code does not. */
  public String code() {
    return code;
  }

  /** Returns the facts that belong to the code, such as {@code versions} of a {@code CONFLICT}. */
  public Map<String, String> data() {
    return data;
  }

  /** Returns when to try again, if the node said so. */
  public Optional<Duration> retryAfter() {
    return retryAfter.isZero() ? Optional.empty() : Optional.of(retryAfter);
  }

  /** Returns what a call of a generated stub threw as this exception. */
  public static CausewayException from(Throwable error) {
    // What this client itself found from within a call keeps its code. Deep enough for all wrappers of gRPC.
    Throwable cause = error;
    for (int depth = 0; cause != null && depth < 8; depth++, cause = cause.getCause())
      if (cause instanceof CausewayException own)
        return new CausewayException(own.code, own.getMessage(), own.data, own.retryAfter, error);
    Status status = Status.fromThrowable(error);
    String message = Optional.ofNullable(status.getDescription()).orElse(status.getCode().name());
    return detailOf(error)
        .map(
            detail -> {
              Duration wait = Duration.ofMillis(Integer.toUnsignedLong(detail.getRetryAfterMs()));
              wait = wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
              return new CausewayException(detail.getCode(), message, detail.getDataMap(), wait, error);
            })
        .orElseGet(() -> new CausewayException(fallback(status), message, error));
  }

  private static Optional<ErrorDetail> detailOf(Throwable error) {
    com.google.rpc.Status status = StatusProto.fromThrowable(error);
    if (status == null) return Optional.empty();
    try {
      for (Any detail : status.getDetailsList())
        if (detail.is(ErrorDetail.class)) return Optional.of(detail.unpack(ErrorDetail.class));
    } catch (InvalidProtocolBufferException unreadable) {
      // The code of gRPC has to do.
    }
    return Optional.empty();
  }

  /** Returns the code of an error without a detail: one of the connection, or of a server that is no node. */
  private static String fallback(Status status) {
    return switch (status.getCode()) {
      case CANCELLED -> "CANCELLED";
      case INVALID_ARGUMENT -> "INVALID_ARGUMENT";
      case DEADLINE_EXCEEDED -> "TIMEOUT";
      case NOT_FOUND, UNIMPLEMENTED -> "UNIMPLEMENTED";
      case PERMISSION_DENIED -> "FORBIDDEN";
      case RESOURCE_EXHAUSTED -> "LIMIT_EXCEEDED";
      case UNAVAILABLE -> isConnecting(status.getCause()) ? "UNREACHABLE" : "DISCONNECTED";
      case ABORTED, UNKNOWN -> "DISCONNECTED";
      case UNAUTHENTICATED -> "UNAUTHENTICATED";
      default -> "PROTOCOL";
    };
  }

  private static boolean isConnecting(Throwable cause) {
    for (int depth = 0; cause != null && depth < 8; depth++, cause = cause.getCause())
      if (cause instanceof java.net.ConnectException
          || cause instanceof java.net.UnknownHostException
          || cause instanceof javax.net.ssl.SSLException) return true;
    return false;
  }

  @Override
  public String toString() {
    return code + ": " + getMessage();
  }
}
