package io.github.causewaysync.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * The calls between peers. A call leaves nothing behind at the server except entries, requests for access, and
 * perhaps an automatic link with a peer that a tree's policy names. A tree that the server does not have and a tree
 * that the caller may not read get the same answer.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class SyncServiceGrpc {

  private SyncServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "causeway.v1.SyncService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.HandshakeRequest,
      io.github.causewaysync.v1.HandshakeResponse> getHandshakeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Handshake",
      requestType = io.github.causewaysync.v1.HandshakeRequest.class,
      responseType = io.github.causewaysync.v1.HandshakeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.HandshakeRequest,
      io.github.causewaysync.v1.HandshakeResponse> getHandshakeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.HandshakeRequest, io.github.causewaysync.v1.HandshakeResponse> getHandshakeMethod;
    if ((getHandshakeMethod = SyncServiceGrpc.getHandshakeMethod) == null) {
      synchronized (SyncServiceGrpc.class) {
        if ((getHandshakeMethod = SyncServiceGrpc.getHandshakeMethod) == null) {
          SyncServiceGrpc.getHandshakeMethod = getHandshakeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.HandshakeRequest, io.github.causewaysync.v1.HandshakeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Handshake"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.HandshakeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.HandshakeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SyncServiceMethodDescriptorSupplier("Handshake"))
              .build();
        }
      }
    }
    return getHandshakeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.SyncTreeRequest,
      io.github.causewaysync.v1.SyncTreeResponse> getSyncTreeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SyncTree",
      requestType = io.github.causewaysync.v1.SyncTreeRequest.class,
      responseType = io.github.causewaysync.v1.SyncTreeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.SyncTreeRequest,
      io.github.causewaysync.v1.SyncTreeResponse> getSyncTreeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.SyncTreeRequest, io.github.causewaysync.v1.SyncTreeResponse> getSyncTreeMethod;
    if ((getSyncTreeMethod = SyncServiceGrpc.getSyncTreeMethod) == null) {
      synchronized (SyncServiceGrpc.class) {
        if ((getSyncTreeMethod = SyncServiceGrpc.getSyncTreeMethod) == null) {
          SyncServiceGrpc.getSyncTreeMethod = getSyncTreeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.SyncTreeRequest, io.github.causewaysync.v1.SyncTreeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SyncTree"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.SyncTreeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.SyncTreeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SyncServiceMethodDescriptorSupplier("SyncTree"))
              .build();
        }
      }
    }
    return getSyncTreeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.SendEntriesRequest,
      io.github.causewaysync.v1.SendEntriesResponse> getSendEntriesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SendEntries",
      requestType = io.github.causewaysync.v1.SendEntriesRequest.class,
      responseType = io.github.causewaysync.v1.SendEntriesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.SendEntriesRequest,
      io.github.causewaysync.v1.SendEntriesResponse> getSendEntriesMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.SendEntriesRequest, io.github.causewaysync.v1.SendEntriesResponse> getSendEntriesMethod;
    if ((getSendEntriesMethod = SyncServiceGrpc.getSendEntriesMethod) == null) {
      synchronized (SyncServiceGrpc.class) {
        if ((getSendEntriesMethod = SyncServiceGrpc.getSendEntriesMethod) == null) {
          SyncServiceGrpc.getSendEntriesMethod = getSendEntriesMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.SendEntriesRequest, io.github.causewaysync.v1.SendEntriesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SendEntries"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.SendEntriesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.SendEntriesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SyncServiceMethodDescriptorSupplier("SendEntries"))
              .build();
        }
      }
    }
    return getSendEntriesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchRequest,
      io.github.causewaysync.v1.WatchResponse> getWatchMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Watch",
      requestType = io.github.causewaysync.v1.WatchRequest.class,
      responseType = io.github.causewaysync.v1.WatchResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchRequest,
      io.github.causewaysync.v1.WatchResponse> getWatchMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchRequest, io.github.causewaysync.v1.WatchResponse> getWatchMethod;
    if ((getWatchMethod = SyncServiceGrpc.getWatchMethod) == null) {
      synchronized (SyncServiceGrpc.class) {
        if ((getWatchMethod = SyncServiceGrpc.getWatchMethod) == null) {
          SyncServiceGrpc.getWatchMethod = getWatchMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.WatchRequest, io.github.causewaysync.v1.WatchResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Watch"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SyncServiceMethodDescriptorSupplier("Watch"))
              .build();
        }
      }
    }
    return getWatchMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.RequestAccessRequest,
      io.github.causewaysync.v1.RequestAccessResponse> getRequestAccessMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RequestAccess",
      requestType = io.github.causewaysync.v1.RequestAccessRequest.class,
      responseType = io.github.causewaysync.v1.RequestAccessResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.RequestAccessRequest,
      io.github.causewaysync.v1.RequestAccessResponse> getRequestAccessMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.RequestAccessRequest, io.github.causewaysync.v1.RequestAccessResponse> getRequestAccessMethod;
    if ((getRequestAccessMethod = SyncServiceGrpc.getRequestAccessMethod) == null) {
      synchronized (SyncServiceGrpc.class) {
        if ((getRequestAccessMethod = SyncServiceGrpc.getRequestAccessMethod) == null) {
          SyncServiceGrpc.getRequestAccessMethod = getRequestAccessMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.RequestAccessRequest, io.github.causewaysync.v1.RequestAccessResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RequestAccess"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RequestAccessRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RequestAccessResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SyncServiceMethodDescriptorSupplier("RequestAccess"))
              .build();
        }
      }
    }
    return getRequestAccessMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetChunksRequest,
      io.github.causewaysync.v1.GetChunksResponse> getGetChunksMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetChunks",
      requestType = io.github.causewaysync.v1.GetChunksRequest.class,
      responseType = io.github.causewaysync.v1.GetChunksResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetChunksRequest,
      io.github.causewaysync.v1.GetChunksResponse> getGetChunksMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetChunksRequest, io.github.causewaysync.v1.GetChunksResponse> getGetChunksMethod;
    if ((getGetChunksMethod = SyncServiceGrpc.getGetChunksMethod) == null) {
      synchronized (SyncServiceGrpc.class) {
        if ((getGetChunksMethod = SyncServiceGrpc.getGetChunksMethod) == null) {
          SyncServiceGrpc.getGetChunksMethod = getGetChunksMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.GetChunksRequest, io.github.causewaysync.v1.GetChunksResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetChunks"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetChunksRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetChunksResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SyncServiceMethodDescriptorSupplier("GetChunks"))
              .build();
        }
      }
    }
    return getGetChunksMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ExchangeAddressesRequest,
      io.github.causewaysync.v1.ExchangeAddressesResponse> getExchangeAddressesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExchangeAddresses",
      requestType = io.github.causewaysync.v1.ExchangeAddressesRequest.class,
      responseType = io.github.causewaysync.v1.ExchangeAddressesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ExchangeAddressesRequest,
      io.github.causewaysync.v1.ExchangeAddressesResponse> getExchangeAddressesMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ExchangeAddressesRequest, io.github.causewaysync.v1.ExchangeAddressesResponse> getExchangeAddressesMethod;
    if ((getExchangeAddressesMethod = SyncServiceGrpc.getExchangeAddressesMethod) == null) {
      synchronized (SyncServiceGrpc.class) {
        if ((getExchangeAddressesMethod = SyncServiceGrpc.getExchangeAddressesMethod) == null) {
          SyncServiceGrpc.getExchangeAddressesMethod = getExchangeAddressesMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ExchangeAddressesRequest, io.github.causewaysync.v1.ExchangeAddressesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExchangeAddresses"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ExchangeAddressesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ExchangeAddressesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SyncServiceMethodDescriptorSupplier("ExchangeAddresses"))
              .build();
        }
      }
    }
    return getExchangeAddressesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.OfferTreeRequest,
      io.github.causewaysync.v1.OfferTreeResponse> getOfferTreeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "OfferTree",
      requestType = io.github.causewaysync.v1.OfferTreeRequest.class,
      responseType = io.github.causewaysync.v1.OfferTreeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.OfferTreeRequest,
      io.github.causewaysync.v1.OfferTreeResponse> getOfferTreeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.OfferTreeRequest, io.github.causewaysync.v1.OfferTreeResponse> getOfferTreeMethod;
    if ((getOfferTreeMethod = SyncServiceGrpc.getOfferTreeMethod) == null) {
      synchronized (SyncServiceGrpc.class) {
        if ((getOfferTreeMethod = SyncServiceGrpc.getOfferTreeMethod) == null) {
          SyncServiceGrpc.getOfferTreeMethod = getOfferTreeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.OfferTreeRequest, io.github.causewaysync.v1.OfferTreeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "OfferTree"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.OfferTreeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.OfferTreeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SyncServiceMethodDescriptorSupplier("OfferTree"))
              .build();
        }
      }
    }
    return getOfferTreeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.BeginPairingRequest,
      io.github.causewaysync.v1.BeginPairingResponse> getBeginPairingMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BeginPairing",
      requestType = io.github.causewaysync.v1.BeginPairingRequest.class,
      responseType = io.github.causewaysync.v1.BeginPairingResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.BeginPairingRequest,
      io.github.causewaysync.v1.BeginPairingResponse> getBeginPairingMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.BeginPairingRequest, io.github.causewaysync.v1.BeginPairingResponse> getBeginPairingMethod;
    if ((getBeginPairingMethod = SyncServiceGrpc.getBeginPairingMethod) == null) {
      synchronized (SyncServiceGrpc.class) {
        if ((getBeginPairingMethod = SyncServiceGrpc.getBeginPairingMethod) == null) {
          SyncServiceGrpc.getBeginPairingMethod = getBeginPairingMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.BeginPairingRequest, io.github.causewaysync.v1.BeginPairingResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BeginPairing"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.BeginPairingRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.BeginPairingResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SyncServiceMethodDescriptorSupplier("BeginPairing"))
              .build();
        }
      }
    }
    return getBeginPairingMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.RevealPairingRequest,
      io.github.causewaysync.v1.RevealPairingResponse> getRevealPairingMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RevealPairing",
      requestType = io.github.causewaysync.v1.RevealPairingRequest.class,
      responseType = io.github.causewaysync.v1.RevealPairingResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.RevealPairingRequest,
      io.github.causewaysync.v1.RevealPairingResponse> getRevealPairingMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.RevealPairingRequest, io.github.causewaysync.v1.RevealPairingResponse> getRevealPairingMethod;
    if ((getRevealPairingMethod = SyncServiceGrpc.getRevealPairingMethod) == null) {
      synchronized (SyncServiceGrpc.class) {
        if ((getRevealPairingMethod = SyncServiceGrpc.getRevealPairingMethod) == null) {
          SyncServiceGrpc.getRevealPairingMethod = getRevealPairingMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.RevealPairingRequest, io.github.causewaysync.v1.RevealPairingResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RevealPairing"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RevealPairingRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RevealPairingResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SyncServiceMethodDescriptorSupplier("RevealPairing"))
              .build();
        }
      }
    }
    return getRevealPairingMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.DecidePairingRequest,
      io.github.causewaysync.v1.DecidePairingResponse> getDecidePairingMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DecidePairing",
      requestType = io.github.causewaysync.v1.DecidePairingRequest.class,
      responseType = io.github.causewaysync.v1.DecidePairingResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.DecidePairingRequest,
      io.github.causewaysync.v1.DecidePairingResponse> getDecidePairingMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.DecidePairingRequest, io.github.causewaysync.v1.DecidePairingResponse> getDecidePairingMethod;
    if ((getDecidePairingMethod = SyncServiceGrpc.getDecidePairingMethod) == null) {
      synchronized (SyncServiceGrpc.class) {
        if ((getDecidePairingMethod = SyncServiceGrpc.getDecidePairingMethod) == null) {
          SyncServiceGrpc.getDecidePairingMethod = getDecidePairingMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.DecidePairingRequest, io.github.causewaysync.v1.DecidePairingResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DecidePairing"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.DecidePairingRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.DecidePairingResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SyncServiceMethodDescriptorSupplier("DecidePairing"))
              .build();
        }
      }
    }
    return getDecidePairingMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static SyncServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SyncServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SyncServiceStub>() {
        @java.lang.Override
        public SyncServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SyncServiceStub(channel, callOptions);
        }
      };
    return SyncServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static SyncServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SyncServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SyncServiceBlockingV2Stub>() {
        @java.lang.Override
        public SyncServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SyncServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return SyncServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static SyncServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SyncServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SyncServiceBlockingStub>() {
        @java.lang.Override
        public SyncServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SyncServiceBlockingStub(channel, callOptions);
        }
      };
    return SyncServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static SyncServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SyncServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SyncServiceFutureStub>() {
        @java.lang.Override
        public SyncServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SyncServiceFutureStub(channel, callOptions);
        }
      };
    return SyncServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * The calls between peers. A call leaves nothing behind at the server except entries, requests for access, and
   * perhaps an automatic link with a peer that a tree's policy names. A tree that the server does not have and a tree
   * that the caller may not read get the same answer.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Proves the server's key to the caller, for the channel that the call came over, and agrees on the protocol
     * version. Fails with INVALID_ARGUMENT, and with WRONG_PEER and the reason "binding" if the caller means another
     * channel.
     * </pre>
     */
    default void handshake(io.github.causewaysync.v1.HandshakeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.HandshakeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getHandshakeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the entries that the caller lacks: a header, then pages of entries, parents first. Fails with
     * UNKNOWN_TREE. A request that is malformed or past a bound fails with INVALID_ARGUMENT, LIMIT_EXCEEDED or
     * PROTOCOL.
     * </pre>
     */
    default void syncTree(io.github.causewaysync.v1.SyncTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.SyncTreeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSyncTreeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stores one page of entries. Idempotent: entries that the server already has are counted, not refused. Fails with
     * UNKNOWN_TREE, and with LIMIT_EXCEEDED if the page is too large.
     * </pre>
     */
    default void sendEntries(io.github.causewaysync.v1.SendEntriesRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.SendEntriesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSendEntriesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams every change to the tips of the given trees until the call ends. The first message is a sign of life. A
     * tree that the server does not have, or that the caller may not read, sends nothing until that changes, or until the
     * server wants the tree from the caller: then an event without entries and tips comes. Fails with
     * INVALID_ARGUMENT if no tree is given, and with LIMIT_EXCEEDED past 256 trees.
     * </pre>
     */
    default void watch(io.github.causewaysync.v1.WatchRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchMethod(), responseObserver);
    }

    /**
     * <pre>
     * Asks for access to a tree, or for the answer to an earlier request. If the server does not have the tree, the
     * answer is PENDING. Fails with UNAUTHENTICATED if the caller has not proven its key, and with FORBIDDEN if it asks
     * for ADMIN.
     * </pre>
     */
    default void requestAccess(io.github.causewaysync.v1.RequestAccessRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RequestAccessResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRequestAccessMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the list of a blob, and chunks of it, as far as the server has them for this tree. It fetches none from
     * others. What it lacks it leaves out. Fails with UNKNOWN_TREE, with UNKNOWN_BLOB if no entry of the tree names the
     * blob, and with LIMIT_EXCEEDED past 256 chunks.
     * </pre>
     */
    default void getChunks(io.github.causewaysync.v1.GetChunksRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetChunksResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetChunksMethod(), responseObserver);
    }

    /**
     * <pre>
     * Tells the server where the caller can be reached, and returns where the server can, and where the caller is seen.
     * Callers tell it on each connection that they open, and when it changes. A caller that the server does not know is
     * told only where it is seen. With a tree, the two also exchange the records of its members: the server tells and takes
     * only those of peers that the tree's policy names, and only if it names the caller too. A tree that the server does
     * not have, or whose policy does not name the caller, brings no records. Fails with PROTOCOL if a record is malformed,
     * forged, expired or of the future, or `own` is not the caller's own, and with LIMIT_EXCEEDED past a bound.
     * </pre>
     */
    default void exchangeAddresses(io.github.causewaysync.v1.ExchangeAddressesRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ExchangeAddressesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExchangeAddressesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Offers a tree whose policy names the server to a server that does not have it, since it has lost its store or never
     * got the tree. Nothing is stored but the offer. Fails with UNAUTHENTICATED if the caller has not proven its key, with
     * INVALID_ARGUMENT if the entries do not show that the policy names the server, and with RESOURCE_EXHAUSTED if too many
     * offers wait.
     * </pre>
     */
    default void offerTree(io.github.causewaysync.v1.OfferTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.OfferTreeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getOfferTreeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Begins to pair with a stranger in the LAN, while somebody pairs at both. Returns the commitment to the server's
     * nonce. docs/protocol.md specifies the three calls. Fails with UNAUTHENTICATED if the caller has not proven its key,
     * with NOT_STARTED if nobody pairs at the server, and with RESOURCE_EXHAUSTED if the server pairs with another peer.
     * </pre>
     */
    default void beginPairing(io.github.causewaysync.v1.BeginPairingRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.BeginPairingResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBeginPairingMethod(), responseObserver);
    }

    /**
     * <pre>
     * Shows the caller's nonce, and returns the server's. From then on both sides show the digits, and no other peer is
     * answered. Fails with NOT_STARTED if the caller has not begun, and as BeginPairing does.
     * </pre>
     */
    default void revealPairing(io.github.causewaysync.v1.RevealPairingRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RevealPairingResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRevealPairingMethod(), responseObserver);
    }

    /**
     * <pre>
     * Says what the person at the caller has decided. Returns what the person at the server has, or WAITING after some
     * seconds: then the caller asks again. Fails with NOT_STARTED if there are no digits, and as BeginPairing does.
     * </pre>
     */
    default void decidePairing(io.github.causewaysync.v1.DecidePairingRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.DecidePairingResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDecidePairingMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service SyncService.
   * <pre>
   * The calls between peers. A call leaves nothing behind at the server except entries, requests for access, and
   * perhaps an automatic link with a peer that a tree's policy names. A tree that the server does not have and a tree
   * that the caller may not read get the same answer.
   * </pre>
   */
  public static abstract class SyncServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return SyncServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service SyncService.
   * <pre>
   * The calls between peers. A call leaves nothing behind at the server except entries, requests for access, and
   * perhaps an automatic link with a peer that a tree's policy names. A tree that the server does not have and a tree
   * that the caller may not read get the same answer.
   * </pre>
   */
  public static final class SyncServiceStub
      extends io.grpc.stub.AbstractAsyncStub<SyncServiceStub> {
    private SyncServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SyncServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SyncServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Proves the server's key to the caller, for the channel that the call came over, and agrees on the protocol
     * version. Fails with INVALID_ARGUMENT, and with WRONG_PEER and the reason "binding" if the caller means another
     * channel.
     * </pre>
     */
    public void handshake(io.github.causewaysync.v1.HandshakeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.HandshakeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getHandshakeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the entries that the caller lacks: a header, then pages of entries, parents first. Fails with
     * UNKNOWN_TREE. A request that is malformed or past a bound fails with INVALID_ARGUMENT, LIMIT_EXCEEDED or
     * PROTOCOL.
     * </pre>
     */
    public void syncTree(io.github.causewaysync.v1.SyncTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.SyncTreeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getSyncTreeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stores one page of entries. Idempotent: entries that the server already has are counted, not refused. Fails with
     * UNKNOWN_TREE, and with LIMIT_EXCEEDED if the page is too large.
     * </pre>
     */
    public void sendEntries(io.github.causewaysync.v1.SendEntriesRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.SendEntriesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSendEntriesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams every change to the tips of the given trees until the call ends. The first message is a sign of life. A
     * tree that the server does not have, or that the caller may not read, sends nothing until that changes, or until the
     * server wants the tree from the caller: then an event without entries and tips comes. Fails with
     * INVALID_ARGUMENT if no tree is given, and with LIMIT_EXCEEDED past 256 trees.
     * </pre>
     */
    public void watch(io.github.causewaysync.v1.WatchRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Asks for access to a tree, or for the answer to an earlier request. If the server does not have the tree, the
     * answer is PENDING. Fails with UNAUTHENTICATED if the caller has not proven its key, and with FORBIDDEN if it asks
     * for ADMIN.
     * </pre>
     */
    public void requestAccess(io.github.causewaysync.v1.RequestAccessRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RequestAccessResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRequestAccessMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the list of a blob, and chunks of it, as far as the server has them for this tree. It fetches none from
     * others. What it lacks it leaves out. Fails with UNKNOWN_TREE, with UNKNOWN_BLOB if no entry of the tree names the
     * blob, and with LIMIT_EXCEEDED past 256 chunks.
     * </pre>
     */
    public void getChunks(io.github.causewaysync.v1.GetChunksRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetChunksResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getGetChunksMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Tells the server where the caller can be reached, and returns where the server can, and where the caller is seen.
     * Callers tell it on each connection that they open, and when it changes. A caller that the server does not know is
     * told only where it is seen. With a tree, the two also exchange the records of its members: the server tells and takes
     * only those of peers that the tree's policy names, and only if it names the caller too. A tree that the server does
     * not have, or whose policy does not name the caller, brings no records. Fails with PROTOCOL if a record is malformed,
     * forged, expired or of the future, or `own` is not the caller's own, and with LIMIT_EXCEEDED past a bound.
     * </pre>
     */
    public void exchangeAddresses(io.github.causewaysync.v1.ExchangeAddressesRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ExchangeAddressesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getExchangeAddressesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Offers a tree whose policy names the server to a server that does not have it, since it has lost its store or never
     * got the tree. Nothing is stored but the offer. Fails with UNAUTHENTICATED if the caller has not proven its key, with
     * INVALID_ARGUMENT if the entries do not show that the policy names the server, and with RESOURCE_EXHAUSTED if too many
     * offers wait.
     * </pre>
     */
    public void offerTree(io.github.causewaysync.v1.OfferTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.OfferTreeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getOfferTreeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Begins to pair with a stranger in the LAN, while somebody pairs at both. Returns the commitment to the server's
     * nonce. docs/protocol.md specifies the three calls. Fails with UNAUTHENTICATED if the caller has not proven its key,
     * with NOT_STARTED if nobody pairs at the server, and with RESOURCE_EXHAUSTED if the server pairs with another peer.
     * </pre>
     */
    public void beginPairing(io.github.causewaysync.v1.BeginPairingRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.BeginPairingResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBeginPairingMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Shows the caller's nonce, and returns the server's. From then on both sides show the digits, and no other peer is
     * answered. Fails with NOT_STARTED if the caller has not begun, and as BeginPairing does.
     * </pre>
     */
    public void revealPairing(io.github.causewaysync.v1.RevealPairingRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RevealPairingResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRevealPairingMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Says what the person at the caller has decided. Returns what the person at the server has, or WAITING after some
     * seconds: then the caller asks again. Fails with NOT_STARTED if there are no digits, and as BeginPairing does.
     * </pre>
     */
    public void decidePairing(io.github.causewaysync.v1.DecidePairingRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.DecidePairingResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDecidePairingMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service SyncService.
   * <pre>
   * The calls between peers. A call leaves nothing behind at the server except entries, requests for access, and
   * perhaps an automatic link with a peer that a tree's policy names. A tree that the server does not have and a tree
   * that the caller may not read get the same answer.
   * </pre>
   */
  public static final class SyncServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<SyncServiceBlockingV2Stub> {
    private SyncServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SyncServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SyncServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Proves the server's key to the caller, for the channel that the call came over, and agrees on the protocol
     * version. Fails with INVALID_ARGUMENT, and with WRONG_PEER and the reason "binding" if the caller means another
     * channel.
     * </pre>
     */
    public io.github.causewaysync.v1.HandshakeResponse handshake(io.github.causewaysync.v1.HandshakeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getHandshakeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the entries that the caller lacks: a header, then pages of entries, parents first. Fails with
     * UNKNOWN_TREE. A request that is malformed or past a bound fails with INVALID_ARGUMENT, LIMIT_EXCEEDED or
     * PROTOCOL.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.SyncTreeResponse>
        syncTree(io.github.causewaysync.v1.SyncTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getSyncTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores one page of entries. Idempotent: entries that the server already has are counted, not refused. Fails with
     * UNKNOWN_TREE, and with LIMIT_EXCEEDED if the page is too large.
     * </pre>
     */
    public io.github.causewaysync.v1.SendEntriesResponse sendEntries(io.github.causewaysync.v1.SendEntriesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSendEntriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams every change to the tips of the given trees until the call ends. The first message is a sign of life. A
     * tree that the server does not have, or that the caller may not read, sends nothing until that changes, or until the
     * server wants the tree from the caller: then an event without entries and tips comes. Fails with
     * INVALID_ARGUMENT if no tree is given, and with LIMIT_EXCEEDED past 256 trees.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.WatchResponse>
        watch(io.github.causewaysync.v1.WatchRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Asks for access to a tree, or for the answer to an earlier request. If the server does not have the tree, the
     * answer is PENDING. Fails with UNAUTHENTICATED if the caller has not proven its key, and with FORBIDDEN if it asks
     * for ADMIN.
     * </pre>
     */
    public io.github.causewaysync.v1.RequestAccessResponse requestAccess(io.github.causewaysync.v1.RequestAccessRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRequestAccessMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the list of a blob, and chunks of it, as far as the server has them for this tree. It fetches none from
     * others. What it lacks it leaves out. Fails with UNKNOWN_TREE, with UNKNOWN_BLOB if no entry of the tree names the
     * blob, and with LIMIT_EXCEEDED past 256 chunks.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.GetChunksResponse>
        getChunks(io.github.causewaysync.v1.GetChunksRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getGetChunksMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells the server where the caller can be reached, and returns where the server can, and where the caller is seen.
     * Callers tell it on each connection that they open, and when it changes. A caller that the server does not know is
     * told only where it is seen. With a tree, the two also exchange the records of its members: the server tells and takes
     * only those of peers that the tree's policy names, and only if it names the caller too. A tree that the server does
     * not have, or whose policy does not name the caller, brings no records. Fails with PROTOCOL if a record is malformed,
     * forged, expired or of the future, or `own` is not the caller's own, and with LIMIT_EXCEEDED past a bound.
     * </pre>
     */
    public io.github.causewaysync.v1.ExchangeAddressesResponse exchangeAddresses(io.github.causewaysync.v1.ExchangeAddressesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getExchangeAddressesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Offers a tree whose policy names the server to a server that does not have it, since it has lost its store or never
     * got the tree. Nothing is stored but the offer. Fails with UNAUTHENTICATED if the caller has not proven its key, with
     * INVALID_ARGUMENT if the entries do not show that the policy names the server, and with RESOURCE_EXHAUSTED if too many
     * offers wait.
     * </pre>
     */
    public io.github.causewaysync.v1.OfferTreeResponse offerTree(io.github.causewaysync.v1.OfferTreeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getOfferTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Begins to pair with a stranger in the LAN, while somebody pairs at both. Returns the commitment to the server's
     * nonce. docs/protocol.md specifies the three calls. Fails with UNAUTHENTICATED if the caller has not proven its key,
     * with NOT_STARTED if nobody pairs at the server, and with RESOURCE_EXHAUSTED if the server pairs with another peer.
     * </pre>
     */
    public io.github.causewaysync.v1.BeginPairingResponse beginPairing(io.github.causewaysync.v1.BeginPairingRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBeginPairingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Shows the caller's nonce, and returns the server's. From then on both sides show the digits, and no other peer is
     * answered. Fails with NOT_STARTED if the caller has not begun, and as BeginPairing does.
     * </pre>
     */
    public io.github.causewaysync.v1.RevealPairingResponse revealPairing(io.github.causewaysync.v1.RevealPairingRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRevealPairingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Says what the person at the caller has decided. Returns what the person at the server has, or WAITING after some
     * seconds: then the caller asks again. Fails with NOT_STARTED if there are no digits, and as BeginPairing does.
     * </pre>
     */
    public io.github.causewaysync.v1.DecidePairingResponse decidePairing(io.github.causewaysync.v1.DecidePairingRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDecidePairingMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service SyncService.
   * <pre>
   * The calls between peers. A call leaves nothing behind at the server except entries, requests for access, and
   * perhaps an automatic link with a peer that a tree's policy names. A tree that the server does not have and a tree
   * that the caller may not read get the same answer.
   * </pre>
   */
  public static final class SyncServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<SyncServiceBlockingStub> {
    private SyncServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SyncServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SyncServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Proves the server's key to the caller, for the channel that the call came over, and agrees on the protocol
     * version. Fails with INVALID_ARGUMENT, and with WRONG_PEER and the reason "binding" if the caller means another
     * channel.
     * </pre>
     */
    public io.github.causewaysync.v1.HandshakeResponse handshake(io.github.causewaysync.v1.HandshakeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getHandshakeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the entries that the caller lacks: a header, then pages of entries, parents first. Fails with
     * UNKNOWN_TREE. A request that is malformed or past a bound fails with INVALID_ARGUMENT, LIMIT_EXCEEDED or
     * PROTOCOL.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.SyncTreeResponse> syncTree(
        io.github.causewaysync.v1.SyncTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getSyncTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores one page of entries. Idempotent: entries that the server already has are counted, not refused. Fails with
     * UNKNOWN_TREE, and with LIMIT_EXCEEDED if the page is too large.
     * </pre>
     */
    public io.github.causewaysync.v1.SendEntriesResponse sendEntries(io.github.causewaysync.v1.SendEntriesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSendEntriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams every change to the tips of the given trees until the call ends. The first message is a sign of life. A
     * tree that the server does not have, or that the caller may not read, sends nothing until that changes, or until the
     * server wants the tree from the caller: then an event without entries and tips comes. Fails with
     * INVALID_ARGUMENT if no tree is given, and with LIMIT_EXCEEDED past 256 trees.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.WatchResponse> watch(
        io.github.causewaysync.v1.WatchRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Asks for access to a tree, or for the answer to an earlier request. If the server does not have the tree, the
     * answer is PENDING. Fails with UNAUTHENTICATED if the caller has not proven its key, and with FORBIDDEN if it asks
     * for ADMIN.
     * </pre>
     */
    public io.github.causewaysync.v1.RequestAccessResponse requestAccess(io.github.causewaysync.v1.RequestAccessRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRequestAccessMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the list of a blob, and chunks of it, as far as the server has them for this tree. It fetches none from
     * others. What it lacks it leaves out. Fails with UNKNOWN_TREE, with UNKNOWN_BLOB if no entry of the tree names the
     * blob, and with LIMIT_EXCEEDED past 256 chunks.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.GetChunksResponse> getChunks(
        io.github.causewaysync.v1.GetChunksRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getGetChunksMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells the server where the caller can be reached, and returns where the server can, and where the caller is seen.
     * Callers tell it on each connection that they open, and when it changes. A caller that the server does not know is
     * told only where it is seen. With a tree, the two also exchange the records of its members: the server tells and takes
     * only those of peers that the tree's policy names, and only if it names the caller too. A tree that the server does
     * not have, or whose policy does not name the caller, brings no records. Fails with PROTOCOL if a record is malformed,
     * forged, expired or of the future, or `own` is not the caller's own, and with LIMIT_EXCEEDED past a bound.
     * </pre>
     */
    public io.github.causewaysync.v1.ExchangeAddressesResponse exchangeAddresses(io.github.causewaysync.v1.ExchangeAddressesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getExchangeAddressesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Offers a tree whose policy names the server to a server that does not have it, since it has lost its store or never
     * got the tree. Nothing is stored but the offer. Fails with UNAUTHENTICATED if the caller has not proven its key, with
     * INVALID_ARGUMENT if the entries do not show that the policy names the server, and with RESOURCE_EXHAUSTED if too many
     * offers wait.
     * </pre>
     */
    public io.github.causewaysync.v1.OfferTreeResponse offerTree(io.github.causewaysync.v1.OfferTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getOfferTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Begins to pair with a stranger in the LAN, while somebody pairs at both. Returns the commitment to the server's
     * nonce. docs/protocol.md specifies the three calls. Fails with UNAUTHENTICATED if the caller has not proven its key,
     * with NOT_STARTED if nobody pairs at the server, and with RESOURCE_EXHAUSTED if the server pairs with another peer.
     * </pre>
     */
    public io.github.causewaysync.v1.BeginPairingResponse beginPairing(io.github.causewaysync.v1.BeginPairingRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBeginPairingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Shows the caller's nonce, and returns the server's. From then on both sides show the digits, and no other peer is
     * answered. Fails with NOT_STARTED if the caller has not begun, and as BeginPairing does.
     * </pre>
     */
    public io.github.causewaysync.v1.RevealPairingResponse revealPairing(io.github.causewaysync.v1.RevealPairingRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRevealPairingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Says what the person at the caller has decided. Returns what the person at the server has, or WAITING after some
     * seconds: then the caller asks again. Fails with NOT_STARTED if there are no digits, and as BeginPairing does.
     * </pre>
     */
    public io.github.causewaysync.v1.DecidePairingResponse decidePairing(io.github.causewaysync.v1.DecidePairingRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDecidePairingMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service SyncService.
   * <pre>
   * The calls between peers. A call leaves nothing behind at the server except entries, requests for access, and
   * perhaps an automatic link with a peer that a tree's policy names. A tree that the server does not have and a tree
   * that the caller may not read get the same answer.
   * </pre>
   */
  public static final class SyncServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<SyncServiceFutureStub> {
    private SyncServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SyncServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SyncServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Proves the server's key to the caller, for the channel that the call came over, and agrees on the protocol
     * version. Fails with INVALID_ARGUMENT, and with WRONG_PEER and the reason "binding" if the caller means another
     * channel.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.HandshakeResponse> handshake(
        io.github.causewaysync.v1.HandshakeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getHandshakeMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stores one page of entries. Idempotent: entries that the server already has are counted, not refused. Fails with
     * UNKNOWN_TREE, and with LIMIT_EXCEEDED if the page is too large.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.SendEntriesResponse> sendEntries(
        io.github.causewaysync.v1.SendEntriesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSendEntriesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Asks for access to a tree, or for the answer to an earlier request. If the server does not have the tree, the
     * answer is PENDING. Fails with UNAUTHENTICATED if the caller has not proven its key, and with FORBIDDEN if it asks
     * for ADMIN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.RequestAccessResponse> requestAccess(
        io.github.causewaysync.v1.RequestAccessRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRequestAccessMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Tells the server where the caller can be reached, and returns where the server can, and where the caller is seen.
     * Callers tell it on each connection that they open, and when it changes. A caller that the server does not know is
     * told only where it is seen. With a tree, the two also exchange the records of its members: the server tells and takes
     * only those of peers that the tree's policy names, and only if it names the caller too. A tree that the server does
     * not have, or whose policy does not name the caller, brings no records. Fails with PROTOCOL if a record is malformed,
     * forged, expired or of the future, or `own` is not the caller's own, and with LIMIT_EXCEEDED past a bound.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ExchangeAddressesResponse> exchangeAddresses(
        io.github.causewaysync.v1.ExchangeAddressesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getExchangeAddressesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Offers a tree whose policy names the server to a server that does not have it, since it has lost its store or never
     * got the tree. Nothing is stored but the offer. Fails with UNAUTHENTICATED if the caller has not proven its key, with
     * INVALID_ARGUMENT if the entries do not show that the policy names the server, and with RESOURCE_EXHAUSTED if too many
     * offers wait.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.OfferTreeResponse> offerTree(
        io.github.causewaysync.v1.OfferTreeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getOfferTreeMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Begins to pair with a stranger in the LAN, while somebody pairs at both. Returns the commitment to the server's
     * nonce. docs/protocol.md specifies the three calls. Fails with UNAUTHENTICATED if the caller has not proven its key,
     * with NOT_STARTED if nobody pairs at the server, and with RESOURCE_EXHAUSTED if the server pairs with another peer.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.BeginPairingResponse> beginPairing(
        io.github.causewaysync.v1.BeginPairingRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBeginPairingMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Shows the caller's nonce, and returns the server's. From then on both sides show the digits, and no other peer is
     * answered. Fails with NOT_STARTED if the caller has not begun, and as BeginPairing does.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.RevealPairingResponse> revealPairing(
        io.github.causewaysync.v1.RevealPairingRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRevealPairingMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Says what the person at the caller has decided. Returns what the person at the server has, or WAITING after some
     * seconds: then the caller asks again. Fails with NOT_STARTED if there are no digits, and as BeginPairing does.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.DecidePairingResponse> decidePairing(
        io.github.causewaysync.v1.DecidePairingRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDecidePairingMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_HANDSHAKE = 0;
  private static final int METHODID_SYNC_TREE = 1;
  private static final int METHODID_SEND_ENTRIES = 2;
  private static final int METHODID_WATCH = 3;
  private static final int METHODID_REQUEST_ACCESS = 4;
  private static final int METHODID_GET_CHUNKS = 5;
  private static final int METHODID_EXCHANGE_ADDRESSES = 6;
  private static final int METHODID_OFFER_TREE = 7;
  private static final int METHODID_BEGIN_PAIRING = 8;
  private static final int METHODID_REVEAL_PAIRING = 9;
  private static final int METHODID_DECIDE_PAIRING = 10;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_HANDSHAKE:
          serviceImpl.handshake((io.github.causewaysync.v1.HandshakeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.HandshakeResponse>) responseObserver);
          break;
        case METHODID_SYNC_TREE:
          serviceImpl.syncTree((io.github.causewaysync.v1.SyncTreeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.SyncTreeResponse>) responseObserver);
          break;
        case METHODID_SEND_ENTRIES:
          serviceImpl.sendEntries((io.github.causewaysync.v1.SendEntriesRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.SendEntriesResponse>) responseObserver);
          break;
        case METHODID_WATCH:
          serviceImpl.watch((io.github.causewaysync.v1.WatchRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchResponse>) responseObserver);
          break;
        case METHODID_REQUEST_ACCESS:
          serviceImpl.requestAccess((io.github.causewaysync.v1.RequestAccessRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RequestAccessResponse>) responseObserver);
          break;
        case METHODID_GET_CHUNKS:
          serviceImpl.getChunks((io.github.causewaysync.v1.GetChunksRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetChunksResponse>) responseObserver);
          break;
        case METHODID_EXCHANGE_ADDRESSES:
          serviceImpl.exchangeAddresses((io.github.causewaysync.v1.ExchangeAddressesRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ExchangeAddressesResponse>) responseObserver);
          break;
        case METHODID_OFFER_TREE:
          serviceImpl.offerTree((io.github.causewaysync.v1.OfferTreeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.OfferTreeResponse>) responseObserver);
          break;
        case METHODID_BEGIN_PAIRING:
          serviceImpl.beginPairing((io.github.causewaysync.v1.BeginPairingRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.BeginPairingResponse>) responseObserver);
          break;
        case METHODID_REVEAL_PAIRING:
          serviceImpl.revealPairing((io.github.causewaysync.v1.RevealPairingRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RevealPairingResponse>) responseObserver);
          break;
        case METHODID_DECIDE_PAIRING:
          serviceImpl.decidePairing((io.github.causewaysync.v1.DecidePairingRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.DecidePairingResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getHandshakeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.HandshakeRequest,
              io.github.causewaysync.v1.HandshakeResponse>(
                service, METHODID_HANDSHAKE)))
        .addMethod(
          getSyncTreeMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.SyncTreeRequest,
              io.github.causewaysync.v1.SyncTreeResponse>(
                service, METHODID_SYNC_TREE)))
        .addMethod(
          getSendEntriesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.SendEntriesRequest,
              io.github.causewaysync.v1.SendEntriesResponse>(
                service, METHODID_SEND_ENTRIES)))
        .addMethod(
          getWatchMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.WatchRequest,
              io.github.causewaysync.v1.WatchResponse>(
                service, METHODID_WATCH)))
        .addMethod(
          getRequestAccessMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.RequestAccessRequest,
              io.github.causewaysync.v1.RequestAccessResponse>(
                service, METHODID_REQUEST_ACCESS)))
        .addMethod(
          getGetChunksMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.GetChunksRequest,
              io.github.causewaysync.v1.GetChunksResponse>(
                service, METHODID_GET_CHUNKS)))
        .addMethod(
          getExchangeAddressesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ExchangeAddressesRequest,
              io.github.causewaysync.v1.ExchangeAddressesResponse>(
                service, METHODID_EXCHANGE_ADDRESSES)))
        .addMethod(
          getOfferTreeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.OfferTreeRequest,
              io.github.causewaysync.v1.OfferTreeResponse>(
                service, METHODID_OFFER_TREE)))
        .addMethod(
          getBeginPairingMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.BeginPairingRequest,
              io.github.causewaysync.v1.BeginPairingResponse>(
                service, METHODID_BEGIN_PAIRING)))
        .addMethod(
          getRevealPairingMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.RevealPairingRequest,
              io.github.causewaysync.v1.RevealPairingResponse>(
                service, METHODID_REVEAL_PAIRING)))
        .addMethod(
          getDecidePairingMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.DecidePairingRequest,
              io.github.causewaysync.v1.DecidePairingResponse>(
                service, METHODID_DECIDE_PAIRING)))
        .build();
  }

  private static abstract class SyncServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    SyncServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.github.causewaysync.v1.SyncProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("SyncService");
    }
  }

  private static final class SyncServiceFileDescriptorSupplier
      extends SyncServiceBaseDescriptorSupplier {
    SyncServiceFileDescriptorSupplier() {}
  }

  private static final class SyncServiceMethodDescriptorSupplier
      extends SyncServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    SyncServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (SyncServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new SyncServiceFileDescriptorSupplier())
              .addMethod(getHandshakeMethod())
              .addMethod(getSyncTreeMethod())
              .addMethod(getSendEntriesMethod())
              .addMethod(getWatchMethod())
              .addMethod(getRequestAccessMethod())
              .addMethod(getGetChunksMethod())
              .addMethod(getExchangeAddressesMethod())
              .addMethod(getOfferTreeMethod())
              .addMethod(getBeginPairingMethod())
              .addMethod(getRevealPairingMethod())
              .addMethod(getDecidePairingMethod())
              .build();
        }
      }
    }
    return result;
  }
}
