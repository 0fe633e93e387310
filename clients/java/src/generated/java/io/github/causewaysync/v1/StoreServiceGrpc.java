package io.github.causewaysync.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Reads and writes the keys of the stores of a tree. Who may read the tree may call everything but Write, which is for
 * operators, since the node signs it, and PrepareWrite, which needs a key that may write. Its callers sign the body
 * that it returns and send it by TreeService.SubmitEntries. For a caller that may not read the tree every call fails
 * with UNKNOWN_TREE. A read counts everything that is at the node when it begins; it fails with VIEW_BUILDING while
 * that takes long, and with NOT_HERE_YET if an entry of `read.at` does not come in time. A field of the wrong shape or
 * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class StoreServiceGrpc {

  private StoreServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "causeway.v1.StoreService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListStoresRequest,
      io.github.causewaysync.v1.ListStoresResponse> getListStoresMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListStores",
      requestType = io.github.causewaysync.v1.ListStoresRequest.class,
      responseType = io.github.causewaysync.v1.ListStoresResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListStoresRequest,
      io.github.causewaysync.v1.ListStoresResponse> getListStoresMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListStoresRequest, io.github.causewaysync.v1.ListStoresResponse> getListStoresMethod;
    if ((getListStoresMethod = StoreServiceGrpc.getListStoresMethod) == null) {
      synchronized (StoreServiceGrpc.class) {
        if ((getListStoresMethod = StoreServiceGrpc.getListStoresMethod) == null) {
          StoreServiceGrpc.getListStoresMethod = getListStoresMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ListStoresRequest, io.github.causewaysync.v1.ListStoresResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListStores"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListStoresRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListStoresResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StoreServiceMethodDescriptorSupplier("ListStores"))
              .build();
        }
      }
    }
    return getListStoresMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetRequest,
      io.github.causewaysync.v1.GetResponse> getGetMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Get",
      requestType = io.github.causewaysync.v1.GetRequest.class,
      responseType = io.github.causewaysync.v1.GetResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetRequest,
      io.github.causewaysync.v1.GetResponse> getGetMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetRequest, io.github.causewaysync.v1.GetResponse> getGetMethod;
    if ((getGetMethod = StoreServiceGrpc.getGetMethod) == null) {
      synchronized (StoreServiceGrpc.class) {
        if ((getGetMethod = StoreServiceGrpc.getGetMethod) == null) {
          StoreServiceGrpc.getGetMethod = getGetMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.GetRequest, io.github.causewaysync.v1.GetResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Get"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StoreServiceMethodDescriptorSupplier("Get"))
              .build();
        }
      }
    }
    return getGetMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListRequest,
      io.github.causewaysync.v1.ListResponse> getListMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "List",
      requestType = io.github.causewaysync.v1.ListRequest.class,
      responseType = io.github.causewaysync.v1.ListResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListRequest,
      io.github.causewaysync.v1.ListResponse> getListMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListRequest, io.github.causewaysync.v1.ListResponse> getListMethod;
    if ((getListMethod = StoreServiceGrpc.getListMethod) == null) {
      synchronized (StoreServiceGrpc.class) {
        if ((getListMethod = StoreServiceGrpc.getListMethod) == null) {
          StoreServiceGrpc.getListMethod = getListMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ListRequest, io.github.causewaysync.v1.ListResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "List"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StoreServiceMethodDescriptorSupplier("List"))
              .build();
        }
      }
    }
    return getListMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.WriteRequest,
      io.github.causewaysync.v1.WriteResponse> getWriteMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Write",
      requestType = io.github.causewaysync.v1.WriteRequest.class,
      responseType = io.github.causewaysync.v1.WriteResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.WriteRequest,
      io.github.causewaysync.v1.WriteResponse> getWriteMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.WriteRequest, io.github.causewaysync.v1.WriteResponse> getWriteMethod;
    if ((getWriteMethod = StoreServiceGrpc.getWriteMethod) == null) {
      synchronized (StoreServiceGrpc.class) {
        if ((getWriteMethod = StoreServiceGrpc.getWriteMethod) == null) {
          StoreServiceGrpc.getWriteMethod = getWriteMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.WriteRequest, io.github.causewaysync.v1.WriteResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Write"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WriteRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WriteResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StoreServiceMethodDescriptorSupplier("Write"))
              .build();
        }
      }
    }
    return getWriteMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.PrepareWriteRequest,
      io.github.causewaysync.v1.PrepareWriteResponse> getPrepareWriteMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "PrepareWrite",
      requestType = io.github.causewaysync.v1.PrepareWriteRequest.class,
      responseType = io.github.causewaysync.v1.PrepareWriteResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.PrepareWriteRequest,
      io.github.causewaysync.v1.PrepareWriteResponse> getPrepareWriteMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.PrepareWriteRequest, io.github.causewaysync.v1.PrepareWriteResponse> getPrepareWriteMethod;
    if ((getPrepareWriteMethod = StoreServiceGrpc.getPrepareWriteMethod) == null) {
      synchronized (StoreServiceGrpc.class) {
        if ((getPrepareWriteMethod = StoreServiceGrpc.getPrepareWriteMethod) == null) {
          StoreServiceGrpc.getPrepareWriteMethod = getPrepareWriteMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.PrepareWriteRequest, io.github.causewaysync.v1.PrepareWriteResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "PrepareWrite"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.PrepareWriteRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.PrepareWriteResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StoreServiceMethodDescriptorSupplier("PrepareWrite"))
              .build();
        }
      }
    }
    return getPrepareWriteMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchStoreRequest,
      io.github.causewaysync.v1.WatchStoreResponse> getWatchStoreMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchStore",
      requestType = io.github.causewaysync.v1.WatchStoreRequest.class,
      responseType = io.github.causewaysync.v1.WatchStoreResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchStoreRequest,
      io.github.causewaysync.v1.WatchStoreResponse> getWatchStoreMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchStoreRequest, io.github.causewaysync.v1.WatchStoreResponse> getWatchStoreMethod;
    if ((getWatchStoreMethod = StoreServiceGrpc.getWatchStoreMethod) == null) {
      synchronized (StoreServiceGrpc.class) {
        if ((getWatchStoreMethod = StoreServiceGrpc.getWatchStoreMethod) == null) {
          StoreServiceGrpc.getWatchStoreMethod = getWatchStoreMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.WatchStoreRequest, io.github.causewaysync.v1.WatchStoreResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchStore"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchStoreRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchStoreResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StoreServiceMethodDescriptorSupplier("WatchStore"))
              .build();
        }
      }
    }
    return getWatchStoreMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchTextRequest,
      io.github.causewaysync.v1.WatchTextResponse> getWatchTextMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchText",
      requestType = io.github.causewaysync.v1.WatchTextRequest.class,
      responseType = io.github.causewaysync.v1.WatchTextResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchTextRequest,
      io.github.causewaysync.v1.WatchTextResponse> getWatchTextMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchTextRequest, io.github.causewaysync.v1.WatchTextResponse> getWatchTextMethod;
    if ((getWatchTextMethod = StoreServiceGrpc.getWatchTextMethod) == null) {
      synchronized (StoreServiceGrpc.class) {
        if ((getWatchTextMethod = StoreServiceGrpc.getWatchTextMethod) == null) {
          StoreServiceGrpc.getWatchTextMethod = getWatchTextMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.WatchTextRequest, io.github.causewaysync.v1.WatchTextResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchText"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchTextRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchTextResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StoreServiceMethodDescriptorSupplier("WatchText"))
              .build();
        }
      }
    }
    return getWatchTextMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.HistoryRequest,
      io.github.causewaysync.v1.HistoryResponse> getHistoryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "History",
      requestType = io.github.causewaysync.v1.HistoryRequest.class,
      responseType = io.github.causewaysync.v1.HistoryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.HistoryRequest,
      io.github.causewaysync.v1.HistoryResponse> getHistoryMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.HistoryRequest, io.github.causewaysync.v1.HistoryResponse> getHistoryMethod;
    if ((getHistoryMethod = StoreServiceGrpc.getHistoryMethod) == null) {
      synchronized (StoreServiceGrpc.class) {
        if ((getHistoryMethod = StoreServiceGrpc.getHistoryMethod) == null) {
          StoreServiceGrpc.getHistoryMethod = getHistoryMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.HistoryRequest, io.github.causewaysync.v1.HistoryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "History"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.HistoryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.HistoryResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StoreServiceMethodDescriptorSupplier("History"))
              .build();
        }
      }
    }
    return getHistoryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListConflictsRequest,
      io.github.causewaysync.v1.ListConflictsResponse> getListConflictsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListConflicts",
      requestType = io.github.causewaysync.v1.ListConflictsRequest.class,
      responseType = io.github.causewaysync.v1.ListConflictsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListConflictsRequest,
      io.github.causewaysync.v1.ListConflictsResponse> getListConflictsMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListConflictsRequest, io.github.causewaysync.v1.ListConflictsResponse> getListConflictsMethod;
    if ((getListConflictsMethod = StoreServiceGrpc.getListConflictsMethod) == null) {
      synchronized (StoreServiceGrpc.class) {
        if ((getListConflictsMethod = StoreServiceGrpc.getListConflictsMethod) == null) {
          StoreServiceGrpc.getListConflictsMethod = getListConflictsMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ListConflictsRequest, io.github.causewaysync.v1.ListConflictsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListConflicts"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListConflictsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListConflictsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StoreServiceMethodDescriptorSupplier("ListConflicts"))
              .build();
        }
      }
    }
    return getListConflictsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.PutChunkRequest,
      io.github.causewaysync.v1.PutChunkResponse> getPutChunkMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "PutChunk",
      requestType = io.github.causewaysync.v1.PutChunkRequest.class,
      responseType = io.github.causewaysync.v1.PutChunkResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.PutChunkRequest,
      io.github.causewaysync.v1.PutChunkResponse> getPutChunkMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.PutChunkRequest, io.github.causewaysync.v1.PutChunkResponse> getPutChunkMethod;
    if ((getPutChunkMethod = StoreServiceGrpc.getPutChunkMethod) == null) {
      synchronized (StoreServiceGrpc.class) {
        if ((getPutChunkMethod = StoreServiceGrpc.getPutChunkMethod) == null) {
          StoreServiceGrpc.getPutChunkMethod = getPutChunkMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.PutChunkRequest, io.github.causewaysync.v1.PutChunkResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "PutChunk"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.PutChunkRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.PutChunkResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StoreServiceMethodDescriptorSupplier("PutChunk"))
              .build();
        }
      }
    }
    return getPutChunkMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetBlobRequest,
      io.github.causewaysync.v1.GetBlobResponse> getGetBlobMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetBlob",
      requestType = io.github.causewaysync.v1.GetBlobRequest.class,
      responseType = io.github.causewaysync.v1.GetBlobResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetBlobRequest,
      io.github.causewaysync.v1.GetBlobResponse> getGetBlobMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetBlobRequest, io.github.causewaysync.v1.GetBlobResponse> getGetBlobMethod;
    if ((getGetBlobMethod = StoreServiceGrpc.getGetBlobMethod) == null) {
      synchronized (StoreServiceGrpc.class) {
        if ((getGetBlobMethod = StoreServiceGrpc.getGetBlobMethod) == null) {
          StoreServiceGrpc.getGetBlobMethod = getGetBlobMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.GetBlobRequest, io.github.causewaysync.v1.GetBlobResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetBlob"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetBlobRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetBlobResponse.getDefaultInstance()))
              .setSchemaDescriptor(new StoreServiceMethodDescriptorSupplier("GetBlob"))
              .build();
        }
      }
    }
    return getGetBlobMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static StoreServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StoreServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StoreServiceStub>() {
        @java.lang.Override
        public StoreServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StoreServiceStub(channel, callOptions);
        }
      };
    return StoreServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static StoreServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StoreServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StoreServiceBlockingV2Stub>() {
        @java.lang.Override
        public StoreServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StoreServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return StoreServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static StoreServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StoreServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StoreServiceBlockingStub>() {
        @java.lang.Override
        public StoreServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StoreServiceBlockingStub(channel, callOptions);
        }
      };
    return StoreServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static StoreServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<StoreServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<StoreServiceFutureStub>() {
        @java.lang.Override
        public StoreServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new StoreServiceFutureStub(channel, callOptions);
        }
      };
    return StoreServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Reads and writes the keys of the stores of a tree. Who may read the tree may call everything but Write, which is for
   * operators, since the node signs it, and PrepareWrite, which needs a key that may write. Its callers sign the body
   * that it returns and send it by TreeService.SubmitEntries. For a caller that may not read the tree every call fails
   * with UNKNOWN_TREE. A read counts everything that is at the node when it begins; it fails with VIEW_BUILDING while
   * that takes long, and with NOT_HERE_YET if an entry of `read.at` does not come in time. A field of the wrong shape or
   * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Lists the names of the stores that have keys.
     * </pre>
     */
    default void listStores(io.github.causewaysync.v1.ListStoresRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListStoresResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListStoresMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns keys with their values and conflicts. The value of a key without one that has a text is this text. Fails
     * with UNIMPLEMENTED for such a key if the node lacks Yjs, and with LIMIT_EXCEEDED if the text is larger than a value.
     * </pre>
     */
    default void get(io.github.causewaysync.v1.GetRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the keys of a store that begin with a prefix, in ascending order of their bytes, with their values.
     * </pre>
     */
    default void list(io.github.causewaysync.v1.ListRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListMethod(), responseObserver);
    }

    /**
     * <pre>
     * Writes one entry, signed by the node. Fails with CONFLICT if a key does not have the versions that `expect` names,
     * and otherwise as TreeService.Commit does.
     * </pre>
     */
    default void write(io.github.causewaysync.v1.WriteRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WriteResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWriteMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the body of an entry with these changes, for the caller's key to sign. Fails with CONFLICT as Write does,
     * and otherwise as TreeService.PrepareCommit does.
     * </pre>
     */
    default void prepareWrite(io.github.causewaysync.v1.PrepareWriteRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.PrepareWriteResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPrepareWriteMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the keys of a store that begin with a prefix, then each key that changes.
     * </pre>
     */
    default void watchStore(io.github.causewaysync.v1.WatchStoreRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchStoreResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchStoreMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams a text: an update of Yjs that makes it what it is, then one for each change. What is edited is written by
     * Write, or by PrepareWrite and SubmitEntries. Fails with UNIMPLEMENTED if the node lacks Yjs, and with LIMIT_EXCEEDED
     * for a text whose updates have more than 16 MiB.
     * </pre>
     */
    default void watchText(io.github.causewaysync.v1.WatchTextRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchTextResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchTextMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists what entries did to a key, newest first.
     * </pre>
     */
    default void history(io.github.causewaysync.v1.HistoryRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.HistoryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getHistoryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the keys of a store that have conflicts, with all their versions.
     * </pre>
     */
    default void listConflicts(io.github.causewaysync.v1.ListConflictsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListConflictsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListConflictsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Stores a chunk of a blob, or a blob's list, for a key that may write to the tree. A chunk that no entry names is
     * dropped a day after it was last put. Fails with FORBIDDEN, and with RESOURCE_EXHAUSTED past a quota.
     * </pre>
     */
    default void putChunk(io.github.causewaysync.v1.PutChunkRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.PutChunkResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPutChunkMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams a range of a blob that an entry of the tree names. If chunks of it are not here, the node fetches them from
     * peers, for callers that the tree's policy names. Fails with UNKNOWN_BLOB if no entry names it, and with
     * BLOB_NOT_HERE if no peer has them now.
     * </pre>
     */
    default void getBlob(io.github.causewaysync.v1.GetBlobRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetBlobResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetBlobMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service StoreService.
   * <pre>
   * Reads and writes the keys of the stores of a tree. Who may read the tree may call everything but Write, which is for
   * operators, since the node signs it, and PrepareWrite, which needs a key that may write. Its callers sign the body
   * that it returns and send it by TreeService.SubmitEntries. For a caller that may not read the tree every call fails
   * with UNKNOWN_TREE. A read counts everything that is at the node when it begins; it fails with VIEW_BUILDING while
   * that takes long, and with NOT_HERE_YET if an entry of `read.at` does not come in time. A field of the wrong shape or
   * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
   * </pre>
   */
  public static abstract class StoreServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return StoreServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service StoreService.
   * <pre>
   * Reads and writes the keys of the stores of a tree. Who may read the tree may call everything but Write, which is for
   * operators, since the node signs it, and PrepareWrite, which needs a key that may write. Its callers sign the body
   * that it returns and send it by TreeService.SubmitEntries. For a caller that may not read the tree every call fails
   * with UNKNOWN_TREE. A read counts everything that is at the node when it begins; it fails with VIEW_BUILDING while
   * that takes long, and with NOT_HERE_YET if an entry of `read.at` does not come in time. A field of the wrong shape or
   * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
   * </pre>
   */
  public static final class StoreServiceStub
      extends io.grpc.stub.AbstractAsyncStub<StoreServiceStub> {
    private StoreServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StoreServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StoreServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the names of the stores that have keys.
     * </pre>
     */
    public void listStores(io.github.causewaysync.v1.ListStoresRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListStoresResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListStoresMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns keys with their values and conflicts. The value of a key without one that has a text is this text. Fails
     * with UNIMPLEMENTED for such a key if the node lacks Yjs, and with LIMIT_EXCEEDED if the text is larger than a value.
     * </pre>
     */
    public void get(io.github.causewaysync.v1.GetRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the keys of a store that begin with a prefix, in ascending order of their bytes, with their values.
     * </pre>
     */
    public void list(io.github.causewaysync.v1.ListRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Writes one entry, signed by the node. Fails with CONFLICT if a key does not have the versions that `expect` names,
     * and otherwise as TreeService.Commit does.
     * </pre>
     */
    public void write(io.github.causewaysync.v1.WriteRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WriteResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getWriteMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the body of an entry with these changes, for the caller's key to sign. Fails with CONFLICT as Write does,
     * and otherwise as TreeService.PrepareCommit does.
     * </pre>
     */
    public void prepareWrite(io.github.causewaysync.v1.PrepareWriteRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.PrepareWriteResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPrepareWriteMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the keys of a store that begin with a prefix, then each key that changes.
     * </pre>
     */
    public void watchStore(io.github.causewaysync.v1.WatchStoreRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchStoreResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchStoreMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams a text: an update of Yjs that makes it what it is, then one for each change. What is edited is written by
     * Write, or by PrepareWrite and SubmitEntries. Fails with UNIMPLEMENTED if the node lacks Yjs, and with LIMIT_EXCEEDED
     * for a text whose updates have more than 16 MiB.
     * </pre>
     */
    public void watchText(io.github.causewaysync.v1.WatchTextRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchTextResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchTextMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists what entries did to a key, newest first.
     * </pre>
     */
    public void history(io.github.causewaysync.v1.HistoryRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.HistoryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getHistoryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the keys of a store that have conflicts, with all their versions.
     * </pre>
     */
    public void listConflicts(io.github.causewaysync.v1.ListConflictsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListConflictsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListConflictsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Stores a chunk of a blob, or a blob's list, for a key that may write to the tree. A chunk that no entry names is
     * dropped a day after it was last put. Fails with FORBIDDEN, and with RESOURCE_EXHAUSTED past a quota.
     * </pre>
     */
    public void putChunk(io.github.causewaysync.v1.PutChunkRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.PutChunkResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPutChunkMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams a range of a blob that an entry of the tree names. If chunks of it are not here, the node fetches them from
     * peers, for callers that the tree's policy names. Fails with UNKNOWN_BLOB if no entry names it, and with
     * BLOB_NOT_HERE if no peer has them now.
     * </pre>
     */
    public void getBlob(io.github.causewaysync.v1.GetBlobRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetBlobResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getGetBlobMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service StoreService.
   * <pre>
   * Reads and writes the keys of the stores of a tree. Who may read the tree may call everything but Write, which is for
   * operators, since the node signs it, and PrepareWrite, which needs a key that may write. Its callers sign the body
   * that it returns and send it by TreeService.SubmitEntries. For a caller that may not read the tree every call fails
   * with UNKNOWN_TREE. A read counts everything that is at the node when it begins; it fails with VIEW_BUILDING while
   * that takes long, and with NOT_HERE_YET if an entry of `read.at` does not come in time. A field of the wrong shape or
   * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
   * </pre>
   */
  public static final class StoreServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<StoreServiceBlockingV2Stub> {
    private StoreServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StoreServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StoreServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the names of the stores that have keys.
     * </pre>
     */
    public io.github.causewaysync.v1.ListStoresResponse listStores(io.github.causewaysync.v1.ListStoresRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListStoresMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns keys with their values and conflicts. The value of a key without one that has a text is this text. Fails
     * with UNIMPLEMENTED for such a key if the node lacks Yjs, and with LIMIT_EXCEEDED if the text is larger than a value.
     * </pre>
     */
    public io.github.causewaysync.v1.GetResponse get(io.github.causewaysync.v1.GetRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the keys of a store that begin with a prefix, in ascending order of their bytes, with their values.
     * </pre>
     */
    public io.github.causewaysync.v1.ListResponse list(io.github.causewaysync.v1.ListRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Writes one entry, signed by the node. Fails with CONFLICT if a key does not have the versions that `expect` names,
     * and otherwise as TreeService.Commit does.
     * </pre>
     */
    public io.github.causewaysync.v1.WriteResponse write(io.github.causewaysync.v1.WriteRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getWriteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the body of an entry with these changes, for the caller's key to sign. Fails with CONFLICT as Write does,
     * and otherwise as TreeService.PrepareCommit does.
     * </pre>
     */
    public io.github.causewaysync.v1.PrepareWriteResponse prepareWrite(io.github.causewaysync.v1.PrepareWriteRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPrepareWriteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the keys of a store that begin with a prefix, then each key that changes.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.WatchStoreResponse>
        watchStore(io.github.causewaysync.v1.WatchStoreRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchStoreMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams a text: an update of Yjs that makes it what it is, then one for each change. What is edited is written by
     * Write, or by PrepareWrite and SubmitEntries. Fails with UNIMPLEMENTED if the node lacks Yjs, and with LIMIT_EXCEEDED
     * for a text whose updates have more than 16 MiB.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.WatchTextResponse>
        watchText(io.github.causewaysync.v1.WatchTextRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchTextMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what entries did to a key, newest first.
     * </pre>
     */
    public io.github.causewaysync.v1.HistoryResponse history(io.github.causewaysync.v1.HistoryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getHistoryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the keys of a store that have conflicts, with all their versions.
     * </pre>
     */
    public io.github.causewaysync.v1.ListConflictsResponse listConflicts(io.github.causewaysync.v1.ListConflictsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListConflictsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores a chunk of a blob, or a blob's list, for a key that may write to the tree. A chunk that no entry names is
     * dropped a day after it was last put. Fails with FORBIDDEN, and with RESOURCE_EXHAUSTED past a quota.
     * </pre>
     */
    public io.github.causewaysync.v1.PutChunkResponse putChunk(io.github.causewaysync.v1.PutChunkRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPutChunkMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams a range of a blob that an entry of the tree names. If chunks of it are not here, the node fetches them from
     * peers, for callers that the tree's policy names. Fails with UNKNOWN_BLOB if no entry names it, and with
     * BLOB_NOT_HERE if no peer has them now.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.GetBlobResponse>
        getBlob(io.github.causewaysync.v1.GetBlobRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getGetBlobMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service StoreService.
   * <pre>
   * Reads and writes the keys of the stores of a tree. Who may read the tree may call everything but Write, which is for
   * operators, since the node signs it, and PrepareWrite, which needs a key that may write. Its callers sign the body
   * that it returns and send it by TreeService.SubmitEntries. For a caller that may not read the tree every call fails
   * with UNKNOWN_TREE. A read counts everything that is at the node when it begins; it fails with VIEW_BUILDING while
   * that takes long, and with NOT_HERE_YET if an entry of `read.at` does not come in time. A field of the wrong shape or
   * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
   * </pre>
   */
  public static final class StoreServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<StoreServiceBlockingStub> {
    private StoreServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StoreServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StoreServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the names of the stores that have keys.
     * </pre>
     */
    public io.github.causewaysync.v1.ListStoresResponse listStores(io.github.causewaysync.v1.ListStoresRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListStoresMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns keys with their values and conflicts. The value of a key without one that has a text is this text. Fails
     * with UNIMPLEMENTED for such a key if the node lacks Yjs, and with LIMIT_EXCEEDED if the text is larger than a value.
     * </pre>
     */
    public io.github.causewaysync.v1.GetResponse get(io.github.causewaysync.v1.GetRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the keys of a store that begin with a prefix, in ascending order of their bytes, with their values.
     * </pre>
     */
    public io.github.causewaysync.v1.ListResponse list(io.github.causewaysync.v1.ListRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Writes one entry, signed by the node. Fails with CONFLICT if a key does not have the versions that `expect` names,
     * and otherwise as TreeService.Commit does.
     * </pre>
     */
    public io.github.causewaysync.v1.WriteResponse write(io.github.causewaysync.v1.WriteRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getWriteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the body of an entry with these changes, for the caller's key to sign. Fails with CONFLICT as Write does,
     * and otherwise as TreeService.PrepareCommit does.
     * </pre>
     */
    public io.github.causewaysync.v1.PrepareWriteResponse prepareWrite(io.github.causewaysync.v1.PrepareWriteRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPrepareWriteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the keys of a store that begin with a prefix, then each key that changes.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.WatchStoreResponse> watchStore(
        io.github.causewaysync.v1.WatchStoreRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchStoreMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams a text: an update of Yjs that makes it what it is, then one for each change. What is edited is written by
     * Write, or by PrepareWrite and SubmitEntries. Fails with UNIMPLEMENTED if the node lacks Yjs, and with LIMIT_EXCEEDED
     * for a text whose updates have more than 16 MiB.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.WatchTextResponse> watchText(
        io.github.causewaysync.v1.WatchTextRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchTextMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists what entries did to a key, newest first.
     * </pre>
     */
    public io.github.causewaysync.v1.HistoryResponse history(io.github.causewaysync.v1.HistoryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getHistoryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the keys of a store that have conflicts, with all their versions.
     * </pre>
     */
    public io.github.causewaysync.v1.ListConflictsResponse listConflicts(io.github.causewaysync.v1.ListConflictsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListConflictsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Stores a chunk of a blob, or a blob's list, for a key that may write to the tree. A chunk that no entry names is
     * dropped a day after it was last put. Fails with FORBIDDEN, and with RESOURCE_EXHAUSTED past a quota.
     * </pre>
     */
    public io.github.causewaysync.v1.PutChunkResponse putChunk(io.github.causewaysync.v1.PutChunkRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPutChunkMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams a range of a blob that an entry of the tree names. If chunks of it are not here, the node fetches them from
     * peers, for callers that the tree's policy names. Fails with UNKNOWN_BLOB if no entry names it, and with
     * BLOB_NOT_HERE if no peer has them now.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.GetBlobResponse> getBlob(
        io.github.causewaysync.v1.GetBlobRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getGetBlobMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service StoreService.
   * <pre>
   * Reads and writes the keys of the stores of a tree. Who may read the tree may call everything but Write, which is for
   * operators, since the node signs it, and PrepareWrite, which needs a key that may write. Its callers sign the body
   * that it returns and send it by TreeService.SubmitEntries. For a caller that may not read the tree every call fails
   * with UNKNOWN_TREE. A read counts everything that is at the node when it begins; it fails with VIEW_BUILDING while
   * that takes long, and with NOT_HERE_YET if an entry of `read.at` does not come in time. A field of the wrong shape or
   * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
   * </pre>
   */
  public static final class StoreServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<StoreServiceFutureStub> {
    private StoreServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected StoreServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new StoreServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Lists the names of the stores that have keys.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ListStoresResponse> listStores(
        io.github.causewaysync.v1.ListStoresRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListStoresMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns keys with their values and conflicts. The value of a key without one that has a text is this text. Fails
     * with UNIMPLEMENTED for such a key if the node lacks Yjs, and with LIMIT_EXCEEDED if the text is larger than a value.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.GetResponse> get(
        io.github.causewaysync.v1.GetRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the keys of a store that begin with a prefix, in ascending order of their bytes, with their values.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ListResponse> list(
        io.github.causewaysync.v1.ListRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Writes one entry, signed by the node. Fails with CONFLICT if a key does not have the versions that `expect` names,
     * and otherwise as TreeService.Commit does.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.WriteResponse> write(
        io.github.causewaysync.v1.WriteRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getWriteMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the body of an entry with these changes, for the caller's key to sign. Fails with CONFLICT as Write does,
     * and otherwise as TreeService.PrepareCommit does.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.PrepareWriteResponse> prepareWrite(
        io.github.causewaysync.v1.PrepareWriteRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPrepareWriteMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists what entries did to a key, newest first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.HistoryResponse> history(
        io.github.causewaysync.v1.HistoryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getHistoryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the keys of a store that have conflicts, with all their versions.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ListConflictsResponse> listConflicts(
        io.github.causewaysync.v1.ListConflictsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListConflictsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Stores a chunk of a blob, or a blob's list, for a key that may write to the tree. A chunk that no entry names is
     * dropped a day after it was last put. Fails with FORBIDDEN, and with RESOURCE_EXHAUSTED past a quota.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.PutChunkResponse> putChunk(
        io.github.causewaysync.v1.PutChunkRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPutChunkMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_LIST_STORES = 0;
  private static final int METHODID_GET = 1;
  private static final int METHODID_LIST = 2;
  private static final int METHODID_WRITE = 3;
  private static final int METHODID_PREPARE_WRITE = 4;
  private static final int METHODID_WATCH_STORE = 5;
  private static final int METHODID_WATCH_TEXT = 6;
  private static final int METHODID_HISTORY = 7;
  private static final int METHODID_LIST_CONFLICTS = 8;
  private static final int METHODID_PUT_CHUNK = 9;
  private static final int METHODID_GET_BLOB = 10;

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
        case METHODID_LIST_STORES:
          serviceImpl.listStores((io.github.causewaysync.v1.ListStoresRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListStoresResponse>) responseObserver);
          break;
        case METHODID_GET:
          serviceImpl.get((io.github.causewaysync.v1.GetRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetResponse>) responseObserver);
          break;
        case METHODID_LIST:
          serviceImpl.list((io.github.causewaysync.v1.ListRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListResponse>) responseObserver);
          break;
        case METHODID_WRITE:
          serviceImpl.write((io.github.causewaysync.v1.WriteRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WriteResponse>) responseObserver);
          break;
        case METHODID_PREPARE_WRITE:
          serviceImpl.prepareWrite((io.github.causewaysync.v1.PrepareWriteRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.PrepareWriteResponse>) responseObserver);
          break;
        case METHODID_WATCH_STORE:
          serviceImpl.watchStore((io.github.causewaysync.v1.WatchStoreRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchStoreResponse>) responseObserver);
          break;
        case METHODID_WATCH_TEXT:
          serviceImpl.watchText((io.github.causewaysync.v1.WatchTextRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchTextResponse>) responseObserver);
          break;
        case METHODID_HISTORY:
          serviceImpl.history((io.github.causewaysync.v1.HistoryRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.HistoryResponse>) responseObserver);
          break;
        case METHODID_LIST_CONFLICTS:
          serviceImpl.listConflicts((io.github.causewaysync.v1.ListConflictsRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListConflictsResponse>) responseObserver);
          break;
        case METHODID_PUT_CHUNK:
          serviceImpl.putChunk((io.github.causewaysync.v1.PutChunkRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.PutChunkResponse>) responseObserver);
          break;
        case METHODID_GET_BLOB:
          serviceImpl.getBlob((io.github.causewaysync.v1.GetBlobRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetBlobResponse>) responseObserver);
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
          getListStoresMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ListStoresRequest,
              io.github.causewaysync.v1.ListStoresResponse>(
                service, METHODID_LIST_STORES)))
        .addMethod(
          getGetMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.GetRequest,
              io.github.causewaysync.v1.GetResponse>(
                service, METHODID_GET)))
        .addMethod(
          getListMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ListRequest,
              io.github.causewaysync.v1.ListResponse>(
                service, METHODID_LIST)))
        .addMethod(
          getWriteMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.WriteRequest,
              io.github.causewaysync.v1.WriteResponse>(
                service, METHODID_WRITE)))
        .addMethod(
          getPrepareWriteMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.PrepareWriteRequest,
              io.github.causewaysync.v1.PrepareWriteResponse>(
                service, METHODID_PREPARE_WRITE)))
        .addMethod(
          getWatchStoreMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.WatchStoreRequest,
              io.github.causewaysync.v1.WatchStoreResponse>(
                service, METHODID_WATCH_STORE)))
        .addMethod(
          getWatchTextMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.WatchTextRequest,
              io.github.causewaysync.v1.WatchTextResponse>(
                service, METHODID_WATCH_TEXT)))
        .addMethod(
          getHistoryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.HistoryRequest,
              io.github.causewaysync.v1.HistoryResponse>(
                service, METHODID_HISTORY)))
        .addMethod(
          getListConflictsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ListConflictsRequest,
              io.github.causewaysync.v1.ListConflictsResponse>(
                service, METHODID_LIST_CONFLICTS)))
        .addMethod(
          getPutChunkMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.PutChunkRequest,
              io.github.causewaysync.v1.PutChunkResponse>(
                service, METHODID_PUT_CHUNK)))
        .addMethod(
          getGetBlobMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.GetBlobRequest,
              io.github.causewaysync.v1.GetBlobResponse>(
                service, METHODID_GET_BLOB)))
        .build();
  }

  private static abstract class StoreServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    StoreServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.github.causewaysync.v1.StoreProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("StoreService");
    }
  }

  private static final class StoreServiceFileDescriptorSupplier
      extends StoreServiceBaseDescriptorSupplier {
    StoreServiceFileDescriptorSupplier() {}
  }

  private static final class StoreServiceMethodDescriptorSupplier
      extends StoreServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    StoreServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (StoreServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new StoreServiceFileDescriptorSupplier())
              .addMethod(getListStoresMethod())
              .addMethod(getGetMethod())
              .addMethod(getListMethod())
              .addMethod(getWriteMethod())
              .addMethod(getPrepareWriteMethod())
              .addMethod(getWatchStoreMethod())
              .addMethod(getWatchTextMethod())
              .addMethod(getHistoryMethod())
              .addMethod(getListConflictsMethod())
              .addMethod(getPutChunkMethod())
              .addMethod(getGetBlobMethod())
              .build();
        }
      }
    }
    return result;
  }
}
