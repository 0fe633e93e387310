package io.github.causewaysync.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Creates, reads and writes the trees of one node. CreateTree, RemoveTree and Commit are for operators: the node's own
 * key, its control socket, and the peers that the node names. Of any other caller they fail with UNAUTHENTICATED if it
 * has proven no key, else with FORBIDDEN. Everybody may make the other calls, and the tree's policy answers: a tree
 * that the caller may not read is to it as if it were not here. A field of the wrong shape or past its bound fails the
 * call with INVALID_ARGUMENT or LIMIT_EXCEEDED. A caller that is no operator gets RESOURCE_EXHAUSTED, with the time to
 * wait, if it makes the node do too much.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class TreeServiceGrpc {

  private TreeServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "causeway.v1.TreeService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.CreateTreeRequest,
      io.github.causewaysync.v1.CreateTreeResponse> getCreateTreeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateTree",
      requestType = io.github.causewaysync.v1.CreateTreeRequest.class,
      responseType = io.github.causewaysync.v1.CreateTreeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.CreateTreeRequest,
      io.github.causewaysync.v1.CreateTreeResponse> getCreateTreeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.CreateTreeRequest, io.github.causewaysync.v1.CreateTreeResponse> getCreateTreeMethod;
    if ((getCreateTreeMethod = TreeServiceGrpc.getCreateTreeMethod) == null) {
      synchronized (TreeServiceGrpc.class) {
        if ((getCreateTreeMethod = TreeServiceGrpc.getCreateTreeMethod) == null) {
          TreeServiceGrpc.getCreateTreeMethod = getCreateTreeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.CreateTreeRequest, io.github.causewaysync.v1.CreateTreeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateTree"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.CreateTreeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.CreateTreeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TreeServiceMethodDescriptorSupplier("CreateTree"))
              .build();
        }
      }
    }
    return getCreateTreeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListTreesRequest,
      io.github.causewaysync.v1.ListTreesResponse> getListTreesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListTrees",
      requestType = io.github.causewaysync.v1.ListTreesRequest.class,
      responseType = io.github.causewaysync.v1.ListTreesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListTreesRequest,
      io.github.causewaysync.v1.ListTreesResponse> getListTreesMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListTreesRequest, io.github.causewaysync.v1.ListTreesResponse> getListTreesMethod;
    if ((getListTreesMethod = TreeServiceGrpc.getListTreesMethod) == null) {
      synchronized (TreeServiceGrpc.class) {
        if ((getListTreesMethod = TreeServiceGrpc.getListTreesMethod) == null) {
          TreeServiceGrpc.getListTreesMethod = getListTreesMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ListTreesRequest, io.github.causewaysync.v1.ListTreesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListTrees"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListTreesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListTreesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TreeServiceMethodDescriptorSupplier("ListTrees"))
              .build();
        }
      }
    }
    return getListTreesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetTreeRequest,
      io.github.causewaysync.v1.GetTreeResponse> getGetTreeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetTree",
      requestType = io.github.causewaysync.v1.GetTreeRequest.class,
      responseType = io.github.causewaysync.v1.GetTreeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetTreeRequest,
      io.github.causewaysync.v1.GetTreeResponse> getGetTreeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetTreeRequest, io.github.causewaysync.v1.GetTreeResponse> getGetTreeMethod;
    if ((getGetTreeMethod = TreeServiceGrpc.getGetTreeMethod) == null) {
      synchronized (TreeServiceGrpc.class) {
        if ((getGetTreeMethod = TreeServiceGrpc.getGetTreeMethod) == null) {
          TreeServiceGrpc.getGetTreeMethod = getGetTreeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.GetTreeRequest, io.github.causewaysync.v1.GetTreeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetTree"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetTreeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetTreeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TreeServiceMethodDescriptorSupplier("GetTree"))
              .build();
        }
      }
    }
    return getGetTreeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.RemoveTreeRequest,
      io.github.causewaysync.v1.RemoveTreeResponse> getRemoveTreeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RemoveTree",
      requestType = io.github.causewaysync.v1.RemoveTreeRequest.class,
      responseType = io.github.causewaysync.v1.RemoveTreeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.RemoveTreeRequest,
      io.github.causewaysync.v1.RemoveTreeResponse> getRemoveTreeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.RemoveTreeRequest, io.github.causewaysync.v1.RemoveTreeResponse> getRemoveTreeMethod;
    if ((getRemoveTreeMethod = TreeServiceGrpc.getRemoveTreeMethod) == null) {
      synchronized (TreeServiceGrpc.class) {
        if ((getRemoveTreeMethod = TreeServiceGrpc.getRemoveTreeMethod) == null) {
          TreeServiceGrpc.getRemoveTreeMethod = getRemoveTreeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.RemoveTreeRequest, io.github.causewaysync.v1.RemoveTreeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RemoveTree"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RemoveTreeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RemoveTreeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TreeServiceMethodDescriptorSupplier("RemoveTree"))
              .build();
        }
      }
    }
    return getRemoveTreeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.CommitRequest,
      io.github.causewaysync.v1.CommitResponse> getCommitMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Commit",
      requestType = io.github.causewaysync.v1.CommitRequest.class,
      responseType = io.github.causewaysync.v1.CommitResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.CommitRequest,
      io.github.causewaysync.v1.CommitResponse> getCommitMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.CommitRequest, io.github.causewaysync.v1.CommitResponse> getCommitMethod;
    if ((getCommitMethod = TreeServiceGrpc.getCommitMethod) == null) {
      synchronized (TreeServiceGrpc.class) {
        if ((getCommitMethod = TreeServiceGrpc.getCommitMethod) == null) {
          TreeServiceGrpc.getCommitMethod = getCommitMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.CommitRequest, io.github.causewaysync.v1.CommitResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Commit"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.CommitRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.CommitResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TreeServiceMethodDescriptorSupplier("Commit"))
              .build();
        }
      }
    }
    return getCommitMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.PrepareCommitRequest,
      io.github.causewaysync.v1.PrepareCommitResponse> getPrepareCommitMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "PrepareCommit",
      requestType = io.github.causewaysync.v1.PrepareCommitRequest.class,
      responseType = io.github.causewaysync.v1.PrepareCommitResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.PrepareCommitRequest,
      io.github.causewaysync.v1.PrepareCommitResponse> getPrepareCommitMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.PrepareCommitRequest, io.github.causewaysync.v1.PrepareCommitResponse> getPrepareCommitMethod;
    if ((getPrepareCommitMethod = TreeServiceGrpc.getPrepareCommitMethod) == null) {
      synchronized (TreeServiceGrpc.class) {
        if ((getPrepareCommitMethod = TreeServiceGrpc.getPrepareCommitMethod) == null) {
          TreeServiceGrpc.getPrepareCommitMethod = getPrepareCommitMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.PrepareCommitRequest, io.github.causewaysync.v1.PrepareCommitResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "PrepareCommit"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.PrepareCommitRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.PrepareCommitResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TreeServiceMethodDescriptorSupplier("PrepareCommit"))
              .build();
        }
      }
    }
    return getPrepareCommitMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.SubmitEntriesRequest,
      io.github.causewaysync.v1.SubmitEntriesResponse> getSubmitEntriesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SubmitEntries",
      requestType = io.github.causewaysync.v1.SubmitEntriesRequest.class,
      responseType = io.github.causewaysync.v1.SubmitEntriesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.SubmitEntriesRequest,
      io.github.causewaysync.v1.SubmitEntriesResponse> getSubmitEntriesMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.SubmitEntriesRequest, io.github.causewaysync.v1.SubmitEntriesResponse> getSubmitEntriesMethod;
    if ((getSubmitEntriesMethod = TreeServiceGrpc.getSubmitEntriesMethod) == null) {
      synchronized (TreeServiceGrpc.class) {
        if ((getSubmitEntriesMethod = TreeServiceGrpc.getSubmitEntriesMethod) == null) {
          TreeServiceGrpc.getSubmitEntriesMethod = getSubmitEntriesMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.SubmitEntriesRequest, io.github.causewaysync.v1.SubmitEntriesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SubmitEntries"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.SubmitEntriesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.SubmitEntriesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TreeServiceMethodDescriptorSupplier("SubmitEntries"))
              .build();
        }
      }
    }
    return getSubmitEntriesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetEntriesRequest,
      io.github.causewaysync.v1.GetEntriesResponse> getGetEntriesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetEntries",
      requestType = io.github.causewaysync.v1.GetEntriesRequest.class,
      responseType = io.github.causewaysync.v1.GetEntriesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetEntriesRequest,
      io.github.causewaysync.v1.GetEntriesResponse> getGetEntriesMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetEntriesRequest, io.github.causewaysync.v1.GetEntriesResponse> getGetEntriesMethod;
    if ((getGetEntriesMethod = TreeServiceGrpc.getGetEntriesMethod) == null) {
      synchronized (TreeServiceGrpc.class) {
        if ((getGetEntriesMethod = TreeServiceGrpc.getGetEntriesMethod) == null) {
          TreeServiceGrpc.getGetEntriesMethod = getGetEntriesMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.GetEntriesRequest, io.github.causewaysync.v1.GetEntriesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetEntries"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetEntriesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetEntriesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TreeServiceMethodDescriptorSupplier("GetEntries"))
              .build();
        }
      }
    }
    return getGetEntriesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListEntriesRequest,
      io.github.causewaysync.v1.ListEntriesResponse> getListEntriesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListEntries",
      requestType = io.github.causewaysync.v1.ListEntriesRequest.class,
      responseType = io.github.causewaysync.v1.ListEntriesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListEntriesRequest,
      io.github.causewaysync.v1.ListEntriesResponse> getListEntriesMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListEntriesRequest, io.github.causewaysync.v1.ListEntriesResponse> getListEntriesMethod;
    if ((getListEntriesMethod = TreeServiceGrpc.getListEntriesMethod) == null) {
      synchronized (TreeServiceGrpc.class) {
        if ((getListEntriesMethod = TreeServiceGrpc.getListEntriesMethod) == null) {
          TreeServiceGrpc.getListEntriesMethod = getListEntriesMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ListEntriesRequest, io.github.causewaysync.v1.ListEntriesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListEntries"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListEntriesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListEntriesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TreeServiceMethodDescriptorSupplier("ListEntries"))
              .build();
        }
      }
    }
    return getListEntriesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchTreeRequest,
      io.github.causewaysync.v1.WatchTreeResponse> getWatchTreeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchTree",
      requestType = io.github.causewaysync.v1.WatchTreeRequest.class,
      responseType = io.github.causewaysync.v1.WatchTreeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchTreeRequest,
      io.github.causewaysync.v1.WatchTreeResponse> getWatchTreeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchTreeRequest, io.github.causewaysync.v1.WatchTreeResponse> getWatchTreeMethod;
    if ((getWatchTreeMethod = TreeServiceGrpc.getWatchTreeMethod) == null) {
      synchronized (TreeServiceGrpc.class) {
        if ((getWatchTreeMethod = TreeServiceGrpc.getWatchTreeMethod) == null) {
          TreeServiceGrpc.getWatchTreeMethod = getWatchTreeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.WatchTreeRequest, io.github.causewaysync.v1.WatchTreeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchTree"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchTreeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchTreeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TreeServiceMethodDescriptorSupplier("WatchTree"))
              .build();
        }
      }
    }
    return getWatchTreeMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static TreeServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TreeServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TreeServiceStub>() {
        @java.lang.Override
        public TreeServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TreeServiceStub(channel, callOptions);
        }
      };
    return TreeServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static TreeServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TreeServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TreeServiceBlockingV2Stub>() {
        @java.lang.Override
        public TreeServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TreeServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return TreeServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static TreeServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TreeServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TreeServiceBlockingStub>() {
        @java.lang.Override
        public TreeServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TreeServiceBlockingStub(channel, callOptions);
        }
      };
    return TreeServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static TreeServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TreeServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TreeServiceFutureStub>() {
        @java.lang.Override
        public TreeServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TreeServiceFutureStub(channel, callOptions);
        }
      };
    return TreeServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Creates, reads and writes the trees of one node. CreateTree, RemoveTree and Commit are for operators: the node's own
   * key, its control socket, and the peers that the node names. Of any other caller they fail with UNAUTHENTICATED if it
   * has proven no key, else with FORBIDDEN. Everybody may make the other calls, and the tree's policy answers: a tree
   * that the caller may not read is to it as if it were not here. A field of the wrong shape or past its bound fails the
   * call with INVALID_ARGUMENT or LIMIT_EXCEEDED. A caller that is no operator gets RESOURCE_EXHAUSTED, with the time to
   * wait, if it makes the node do too much.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * For operators. Creates a tree whose root the node signs. Fails with ENTRY_ROOT if the name is empty or too long.
     * </pre>
     */
    default void createTree(io.github.causewaysync.v1.CreateTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.CreateTreeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateTreeMethod(), responseObserver);
    }

    /**
     * <pre>
     * For everybody. Lists the trees that the caller may read, ordered by id: all for an operator, the public ones for a
     * caller that has proven no key.
     * </pre>
     */
    default void listTrees(io.github.causewaysync.v1.ListTreesRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListTreesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListTreesMethod(), responseObserver);
    }

    /**
     * <pre>
     * For callers that may read the tree. Returns one tree. Fails with UNKNOWN_TREE.
     * </pre>
     */
    default void getTree(io.github.causewaysync.v1.GetTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetTreeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetTreeMethod(), responseObserver);
    }

    /**
     * <pre>
     * For operators. Removes a tree from the node, with its links and everything else that the node keeps about it. From
     * the first answer on, the tree is not there for anybody. The removal goes on if the caller leaves, and after a
     * restart; meanwhile the tree cannot come back (RESOURCE_EXHAUSTED). Other nodes keep the tree. It comes back only if
     * an operator links, joins, syncs or submits it. Fails with UNKNOWN_TREE.
     * </pre>
     */
    default void removeTree(io.github.causewaysync.v1.RemoveTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RemoveTreeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRemoveTreeMethod(), responseObserver);
    }

    /**
     * <pre>
     * For operators. Writes one entry, signed by the node. Fails with UNKNOWN_TREE, ENTRY_CHANGES, ENTRY_TOO_LARGE or
     * ENTRY_MISSING_PARENT, with FORBIDDEN if the node's key may not write, and with RESOURCE_EXHAUSTED if too many
     * commits wait or a quota is used up.
     * </pre>
     */
    default void commit(io.github.causewaysync.v1.CommitRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.CommitResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCommitMethod(), responseObserver);
    }

    /**
     * <pre>
     * For callers that have proven a key which may write to the tree. Returns the body of a new entry for that key: its
     * place on top of the tree, the policy entries, the node's time, in the canonical encoding. Writes nothing. The
     * caller checks that the body says what it asked for, signs it as SignedEntry says, and sends it with SubmitEntries.
     * Fails with UNAUTHENTICATED if the caller has proven no key, with UNKNOWN_TREE, with FORBIDDEN if the key may not
     * write, and as Commit does with ENTRY_CHANGES, ENTRY_TOO_LARGE or ENTRY_MISSING_PARENT.
     * </pre>
     */
    default void prepareCommit(io.github.causewaysync.v1.PrepareCommitRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.PrepareCommitResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPrepareCommitMethod(), responseObserver);
    }

    /**
     * <pre>
     * For callers that may read the tree. Writes entries that their authors have signed. Whether an entry is accepted
     * depends on its author's right, not on the caller's. If an operator calls, and the first entry is the tree's root,
     * creates the tree. If entries are refused, the call fails with the code of the first of them; the other entries are
     * stored. Fails with UNKNOWN_TREE, with CONFLICT if a key does not have the versions that `expect` names, and with
     * RESOURCE_EXHAUSTED if a quota is used up.
     * </pre>
     */
    default void submitEntries(io.github.causewaysync.v1.SubmitEntriesRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.SubmitEntriesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSubmitEntriesMethod(), responseObserver);
    }

    /**
     * <pre>
     * For everybody. Returns entries by id. Those of trees that the caller may not read count as missing.
     * </pre>
     */
    default void getEntries(io.github.causewaysync.v1.GetEntriesRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetEntriesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetEntriesMethod(), responseObserver);
    }

    /**
     * <pre>
     * For callers that may read the tree. Lists its entries, parents first or newest first. Fails with UNKNOWN_TREE.
     * </pre>
     */
    default void listEntries(io.github.causewaysync.v1.ListEntriesRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListEntriesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListEntriesMethod(), responseObserver);
    }

    /**
     * <pre>
     * For callers that may read the tree. Streams its entries in the order of their arrival, then every new entry as it
     * arrives. Fails with UNKNOWN_TREE, also later, once the caller may no longer read the tree.
     * </pre>
     */
    default void watchTree(io.github.causewaysync.v1.WatchTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchTreeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchTreeMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service TreeService.
   * <pre>
   * Creates, reads and writes the trees of one node. CreateTree, RemoveTree and Commit are for operators: the node's own
   * key, its control socket, and the peers that the node names. Of any other caller they fail with UNAUTHENTICATED if it
   * has proven no key, else with FORBIDDEN. Everybody may make the other calls, and the tree's policy answers: a tree
   * that the caller may not read is to it as if it were not here. A field of the wrong shape or past its bound fails the
   * call with INVALID_ARGUMENT or LIMIT_EXCEEDED. A caller that is no operator gets RESOURCE_EXHAUSTED, with the time to
   * wait, if it makes the node do too much.
   * </pre>
   */
  public static abstract class TreeServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return TreeServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service TreeService.
   * <pre>
   * Creates, reads and writes the trees of one node. CreateTree, RemoveTree and Commit are for operators: the node's own
   * key, its control socket, and the peers that the node names. Of any other caller they fail with UNAUTHENTICATED if it
   * has proven no key, else with FORBIDDEN. Everybody may make the other calls, and the tree's policy answers: a tree
   * that the caller may not read is to it as if it were not here. A field of the wrong shape or past its bound fails the
   * call with INVALID_ARGUMENT or LIMIT_EXCEEDED. A caller that is no operator gets RESOURCE_EXHAUSTED, with the time to
   * wait, if it makes the node do too much.
   * </pre>
   */
  public static final class TreeServiceStub
      extends io.grpc.stub.AbstractAsyncStub<TreeServiceStub> {
    private TreeServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TreeServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TreeServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * For operators. Creates a tree whose root the node signs. Fails with ENTRY_ROOT if the name is empty or too long.
     * </pre>
     */
    public void createTree(io.github.causewaysync.v1.CreateTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.CreateTreeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateTreeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * For everybody. Lists the trees that the caller may read, ordered by id: all for an operator, the public ones for a
     * caller that has proven no key.
     * </pre>
     */
    public void listTrees(io.github.causewaysync.v1.ListTreesRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListTreesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListTreesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * For callers that may read the tree. Returns one tree. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public void getTree(io.github.causewaysync.v1.GetTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetTreeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetTreeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * For operators. Removes a tree from the node, with its links and everything else that the node keeps about it. From
     * the first answer on, the tree is not there for anybody. The removal goes on if the caller leaves, and after a
     * restart; meanwhile the tree cannot come back (RESOURCE_EXHAUSTED). Other nodes keep the tree. It comes back only if
     * an operator links, joins, syncs or submits it. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public void removeTree(io.github.causewaysync.v1.RemoveTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RemoveTreeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getRemoveTreeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * For operators. Writes one entry, signed by the node. Fails with UNKNOWN_TREE, ENTRY_CHANGES, ENTRY_TOO_LARGE or
     * ENTRY_MISSING_PARENT, with FORBIDDEN if the node's key may not write, and with RESOURCE_EXHAUSTED if too many
     * commits wait or a quota is used up.
     * </pre>
     */
    public void commit(io.github.causewaysync.v1.CommitRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.CommitResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCommitMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * For callers that have proven a key which may write to the tree. Returns the body of a new entry for that key: its
     * place on top of the tree, the policy entries, the node's time, in the canonical encoding. Writes nothing. The
     * caller checks that the body says what it asked for, signs it as SignedEntry says, and sends it with SubmitEntries.
     * Fails with UNAUTHENTICATED if the caller has proven no key, with UNKNOWN_TREE, with FORBIDDEN if the key may not
     * write, and as Commit does with ENTRY_CHANGES, ENTRY_TOO_LARGE or ENTRY_MISSING_PARENT.
     * </pre>
     */
    public void prepareCommit(io.github.causewaysync.v1.PrepareCommitRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.PrepareCommitResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPrepareCommitMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * For callers that may read the tree. Writes entries that their authors have signed. Whether an entry is accepted
     * depends on its author's right, not on the caller's. If an operator calls, and the first entry is the tree's root,
     * creates the tree. If entries are refused, the call fails with the code of the first of them; the other entries are
     * stored. Fails with UNKNOWN_TREE, with CONFLICT if a key does not have the versions that `expect` names, and with
     * RESOURCE_EXHAUSTED if a quota is used up.
     * </pre>
     */
    public void submitEntries(io.github.causewaysync.v1.SubmitEntriesRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.SubmitEntriesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSubmitEntriesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * For everybody. Returns entries by id. Those of trees that the caller may not read count as missing.
     * </pre>
     */
    public void getEntries(io.github.causewaysync.v1.GetEntriesRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetEntriesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetEntriesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * For callers that may read the tree. Lists its entries, parents first or newest first. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public void listEntries(io.github.causewaysync.v1.ListEntriesRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListEntriesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListEntriesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * For callers that may read the tree. Streams its entries in the order of their arrival, then every new entry as it
     * arrives. Fails with UNKNOWN_TREE, also later, once the caller may no longer read the tree.
     * </pre>
     */
    public void watchTree(io.github.causewaysync.v1.WatchTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchTreeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchTreeMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service TreeService.
   * <pre>
   * Creates, reads and writes the trees of one node. CreateTree, RemoveTree and Commit are for operators: the node's own
   * key, its control socket, and the peers that the node names. Of any other caller they fail with UNAUTHENTICATED if it
   * has proven no key, else with FORBIDDEN. Everybody may make the other calls, and the tree's policy answers: a tree
   * that the caller may not read is to it as if it were not here. A field of the wrong shape or past its bound fails the
   * call with INVALID_ARGUMENT or LIMIT_EXCEEDED. A caller that is no operator gets RESOURCE_EXHAUSTED, with the time to
   * wait, if it makes the node do too much.
   * </pre>
   */
  public static final class TreeServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<TreeServiceBlockingV2Stub> {
    private TreeServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TreeServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TreeServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * For operators. Creates a tree whose root the node signs. Fails with ENTRY_ROOT if the name is empty or too long.
     * </pre>
     */
    public io.github.causewaysync.v1.CreateTreeResponse createTree(io.github.causewaysync.v1.CreateTreeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For everybody. Lists the trees that the caller may read, ordered by id: all for an operator, the public ones for a
     * caller that has proven no key.
     * </pre>
     */
    public io.github.causewaysync.v1.ListTreesResponse listTrees(io.github.causewaysync.v1.ListTreesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListTreesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For callers that may read the tree. Returns one tree. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public io.github.causewaysync.v1.GetTreeResponse getTree(io.github.causewaysync.v1.GetTreeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For operators. Removes a tree from the node, with its links and everything else that the node keeps about it. From
     * the first answer on, the tree is not there for anybody. The removal goes on if the caller leaves, and after a
     * restart; meanwhile the tree cannot come back (RESOURCE_EXHAUSTED). Other nodes keep the tree. It comes back only if
     * an operator links, joins, syncs or submits it. Fails with UNKNOWN_TREE.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.RemoveTreeResponse>
        removeTree(io.github.causewaysync.v1.RemoveTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getRemoveTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For operators. Writes one entry, signed by the node. Fails with UNKNOWN_TREE, ENTRY_CHANGES, ENTRY_TOO_LARGE or
     * ENTRY_MISSING_PARENT, with FORBIDDEN if the node's key may not write, and with RESOURCE_EXHAUSTED if too many
     * commits wait or a quota is used up.
     * </pre>
     */
    public io.github.causewaysync.v1.CommitResponse commit(io.github.causewaysync.v1.CommitRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCommitMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For callers that have proven a key which may write to the tree. Returns the body of a new entry for that key: its
     * place on top of the tree, the policy entries, the node's time, in the canonical encoding. Writes nothing. The
     * caller checks that the body says what it asked for, signs it as SignedEntry says, and sends it with SubmitEntries.
     * Fails with UNAUTHENTICATED if the caller has proven no key, with UNKNOWN_TREE, with FORBIDDEN if the key may not
     * write, and as Commit does with ENTRY_CHANGES, ENTRY_TOO_LARGE or ENTRY_MISSING_PARENT.
     * </pre>
     */
    public io.github.causewaysync.v1.PrepareCommitResponse prepareCommit(io.github.causewaysync.v1.PrepareCommitRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPrepareCommitMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For callers that may read the tree. Writes entries that their authors have signed. Whether an entry is accepted
     * depends on its author's right, not on the caller's. If an operator calls, and the first entry is the tree's root,
     * creates the tree. If entries are refused, the call fails with the code of the first of them; the other entries are
     * stored. Fails with UNKNOWN_TREE, with CONFLICT if a key does not have the versions that `expect` names, and with
     * RESOURCE_EXHAUSTED if a quota is used up.
     * </pre>
     */
    public io.github.causewaysync.v1.SubmitEntriesResponse submitEntries(io.github.causewaysync.v1.SubmitEntriesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSubmitEntriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For everybody. Returns entries by id. Those of trees that the caller may not read count as missing.
     * </pre>
     */
    public io.github.causewaysync.v1.GetEntriesResponse getEntries(io.github.causewaysync.v1.GetEntriesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetEntriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For callers that may read the tree. Lists its entries, parents first or newest first. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public io.github.causewaysync.v1.ListEntriesResponse listEntries(io.github.causewaysync.v1.ListEntriesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListEntriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For callers that may read the tree. Streams its entries in the order of their arrival, then every new entry as it
     * arrives. Fails with UNKNOWN_TREE, also later, once the caller may no longer read the tree.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.WatchTreeResponse>
        watchTree(io.github.causewaysync.v1.WatchTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchTreeMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service TreeService.
   * <pre>
   * Creates, reads and writes the trees of one node. CreateTree, RemoveTree and Commit are for operators: the node's own
   * key, its control socket, and the peers that the node names. Of any other caller they fail with UNAUTHENTICATED if it
   * has proven no key, else with FORBIDDEN. Everybody may make the other calls, and the tree's policy answers: a tree
   * that the caller may not read is to it as if it were not here. A field of the wrong shape or past its bound fails the
   * call with INVALID_ARGUMENT or LIMIT_EXCEEDED. A caller that is no operator gets RESOURCE_EXHAUSTED, with the time to
   * wait, if it makes the node do too much.
   * </pre>
   */
  public static final class TreeServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<TreeServiceBlockingStub> {
    private TreeServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TreeServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TreeServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * For operators. Creates a tree whose root the node signs. Fails with ENTRY_ROOT if the name is empty or too long.
     * </pre>
     */
    public io.github.causewaysync.v1.CreateTreeResponse createTree(io.github.causewaysync.v1.CreateTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For everybody. Lists the trees that the caller may read, ordered by id: all for an operator, the public ones for a
     * caller that has proven no key.
     * </pre>
     */
    public io.github.causewaysync.v1.ListTreesResponse listTrees(io.github.causewaysync.v1.ListTreesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListTreesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For callers that may read the tree. Returns one tree. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public io.github.causewaysync.v1.GetTreeResponse getTree(io.github.causewaysync.v1.GetTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For operators. Removes a tree from the node, with its links and everything else that the node keeps about it. From
     * the first answer on, the tree is not there for anybody. The removal goes on if the caller leaves, and after a
     * restart; meanwhile the tree cannot come back (RESOURCE_EXHAUSTED). Other nodes keep the tree. It comes back only if
     * an operator links, joins, syncs or submits it. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.RemoveTreeResponse> removeTree(
        io.github.causewaysync.v1.RemoveTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getRemoveTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For operators. Writes one entry, signed by the node. Fails with UNKNOWN_TREE, ENTRY_CHANGES, ENTRY_TOO_LARGE or
     * ENTRY_MISSING_PARENT, with FORBIDDEN if the node's key may not write, and with RESOURCE_EXHAUSTED if too many
     * commits wait or a quota is used up.
     * </pre>
     */
    public io.github.causewaysync.v1.CommitResponse commit(io.github.causewaysync.v1.CommitRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCommitMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For callers that have proven a key which may write to the tree. Returns the body of a new entry for that key: its
     * place on top of the tree, the policy entries, the node's time, in the canonical encoding. Writes nothing. The
     * caller checks that the body says what it asked for, signs it as SignedEntry says, and sends it with SubmitEntries.
     * Fails with UNAUTHENTICATED if the caller has proven no key, with UNKNOWN_TREE, with FORBIDDEN if the key may not
     * write, and as Commit does with ENTRY_CHANGES, ENTRY_TOO_LARGE or ENTRY_MISSING_PARENT.
     * </pre>
     */
    public io.github.causewaysync.v1.PrepareCommitResponse prepareCommit(io.github.causewaysync.v1.PrepareCommitRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPrepareCommitMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For callers that may read the tree. Writes entries that their authors have signed. Whether an entry is accepted
     * depends on its author's right, not on the caller's. If an operator calls, and the first entry is the tree's root,
     * creates the tree. If entries are refused, the call fails with the code of the first of them; the other entries are
     * stored. Fails with UNKNOWN_TREE, with CONFLICT if a key does not have the versions that `expect` names, and with
     * RESOURCE_EXHAUSTED if a quota is used up.
     * </pre>
     */
    public io.github.causewaysync.v1.SubmitEntriesResponse submitEntries(io.github.causewaysync.v1.SubmitEntriesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSubmitEntriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For everybody. Returns entries by id. Those of trees that the caller may not read count as missing.
     * </pre>
     */
    public io.github.causewaysync.v1.GetEntriesResponse getEntries(io.github.causewaysync.v1.GetEntriesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetEntriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For callers that may read the tree. Lists its entries, parents first or newest first. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public io.github.causewaysync.v1.ListEntriesResponse listEntries(io.github.causewaysync.v1.ListEntriesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListEntriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * For callers that may read the tree. Streams its entries in the order of their arrival, then every new entry as it
     * arrives. Fails with UNKNOWN_TREE, also later, once the caller may no longer read the tree.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.WatchTreeResponse> watchTree(
        io.github.causewaysync.v1.WatchTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchTreeMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service TreeService.
   * <pre>
   * Creates, reads and writes the trees of one node. CreateTree, RemoveTree and Commit are for operators: the node's own
   * key, its control socket, and the peers that the node names. Of any other caller they fail with UNAUTHENTICATED if it
   * has proven no key, else with FORBIDDEN. Everybody may make the other calls, and the tree's policy answers: a tree
   * that the caller may not read is to it as if it were not here. A field of the wrong shape or past its bound fails the
   * call with INVALID_ARGUMENT or LIMIT_EXCEEDED. A caller that is no operator gets RESOURCE_EXHAUSTED, with the time to
   * wait, if it makes the node do too much.
   * </pre>
   */
  public static final class TreeServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<TreeServiceFutureStub> {
    private TreeServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TreeServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TreeServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * For operators. Creates a tree whose root the node signs. Fails with ENTRY_ROOT if the name is empty or too long.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.CreateTreeResponse> createTree(
        io.github.causewaysync.v1.CreateTreeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateTreeMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * For everybody. Lists the trees that the caller may read, ordered by id: all for an operator, the public ones for a
     * caller that has proven no key.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ListTreesResponse> listTrees(
        io.github.causewaysync.v1.ListTreesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListTreesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * For callers that may read the tree. Returns one tree. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.GetTreeResponse> getTree(
        io.github.causewaysync.v1.GetTreeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetTreeMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * For operators. Writes one entry, signed by the node. Fails with UNKNOWN_TREE, ENTRY_CHANGES, ENTRY_TOO_LARGE or
     * ENTRY_MISSING_PARENT, with FORBIDDEN if the node's key may not write, and with RESOURCE_EXHAUSTED if too many
     * commits wait or a quota is used up.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.CommitResponse> commit(
        io.github.causewaysync.v1.CommitRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCommitMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * For callers that have proven a key which may write to the tree. Returns the body of a new entry for that key: its
     * place on top of the tree, the policy entries, the node's time, in the canonical encoding. Writes nothing. The
     * caller checks that the body says what it asked for, signs it as SignedEntry says, and sends it with SubmitEntries.
     * Fails with UNAUTHENTICATED if the caller has proven no key, with UNKNOWN_TREE, with FORBIDDEN if the key may not
     * write, and as Commit does with ENTRY_CHANGES, ENTRY_TOO_LARGE or ENTRY_MISSING_PARENT.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.PrepareCommitResponse> prepareCommit(
        io.github.causewaysync.v1.PrepareCommitRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPrepareCommitMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * For callers that may read the tree. Writes entries that their authors have signed. Whether an entry is accepted
     * depends on its author's right, not on the caller's. If an operator calls, and the first entry is the tree's root,
     * creates the tree. If entries are refused, the call fails with the code of the first of them; the other entries are
     * stored. Fails with UNKNOWN_TREE, with CONFLICT if a key does not have the versions that `expect` names, and with
     * RESOURCE_EXHAUSTED if a quota is used up.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.SubmitEntriesResponse> submitEntries(
        io.github.causewaysync.v1.SubmitEntriesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSubmitEntriesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * For everybody. Returns entries by id. Those of trees that the caller may not read count as missing.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.GetEntriesResponse> getEntries(
        io.github.causewaysync.v1.GetEntriesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetEntriesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * For callers that may read the tree. Lists its entries, parents first or newest first. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ListEntriesResponse> listEntries(
        io.github.causewaysync.v1.ListEntriesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListEntriesMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_TREE = 0;
  private static final int METHODID_LIST_TREES = 1;
  private static final int METHODID_GET_TREE = 2;
  private static final int METHODID_REMOVE_TREE = 3;
  private static final int METHODID_COMMIT = 4;
  private static final int METHODID_PREPARE_COMMIT = 5;
  private static final int METHODID_SUBMIT_ENTRIES = 6;
  private static final int METHODID_GET_ENTRIES = 7;
  private static final int METHODID_LIST_ENTRIES = 8;
  private static final int METHODID_WATCH_TREE = 9;

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
        case METHODID_CREATE_TREE:
          serviceImpl.createTree((io.github.causewaysync.v1.CreateTreeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.CreateTreeResponse>) responseObserver);
          break;
        case METHODID_LIST_TREES:
          serviceImpl.listTrees((io.github.causewaysync.v1.ListTreesRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListTreesResponse>) responseObserver);
          break;
        case METHODID_GET_TREE:
          serviceImpl.getTree((io.github.causewaysync.v1.GetTreeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetTreeResponse>) responseObserver);
          break;
        case METHODID_REMOVE_TREE:
          serviceImpl.removeTree((io.github.causewaysync.v1.RemoveTreeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RemoveTreeResponse>) responseObserver);
          break;
        case METHODID_COMMIT:
          serviceImpl.commit((io.github.causewaysync.v1.CommitRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.CommitResponse>) responseObserver);
          break;
        case METHODID_PREPARE_COMMIT:
          serviceImpl.prepareCommit((io.github.causewaysync.v1.PrepareCommitRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.PrepareCommitResponse>) responseObserver);
          break;
        case METHODID_SUBMIT_ENTRIES:
          serviceImpl.submitEntries((io.github.causewaysync.v1.SubmitEntriesRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.SubmitEntriesResponse>) responseObserver);
          break;
        case METHODID_GET_ENTRIES:
          serviceImpl.getEntries((io.github.causewaysync.v1.GetEntriesRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetEntriesResponse>) responseObserver);
          break;
        case METHODID_LIST_ENTRIES:
          serviceImpl.listEntries((io.github.causewaysync.v1.ListEntriesRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListEntriesResponse>) responseObserver);
          break;
        case METHODID_WATCH_TREE:
          serviceImpl.watchTree((io.github.causewaysync.v1.WatchTreeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchTreeResponse>) responseObserver);
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
          getCreateTreeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.CreateTreeRequest,
              io.github.causewaysync.v1.CreateTreeResponse>(
                service, METHODID_CREATE_TREE)))
        .addMethod(
          getListTreesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ListTreesRequest,
              io.github.causewaysync.v1.ListTreesResponse>(
                service, METHODID_LIST_TREES)))
        .addMethod(
          getGetTreeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.GetTreeRequest,
              io.github.causewaysync.v1.GetTreeResponse>(
                service, METHODID_GET_TREE)))
        .addMethod(
          getRemoveTreeMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.RemoveTreeRequest,
              io.github.causewaysync.v1.RemoveTreeResponse>(
                service, METHODID_REMOVE_TREE)))
        .addMethod(
          getCommitMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.CommitRequest,
              io.github.causewaysync.v1.CommitResponse>(
                service, METHODID_COMMIT)))
        .addMethod(
          getPrepareCommitMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.PrepareCommitRequest,
              io.github.causewaysync.v1.PrepareCommitResponse>(
                service, METHODID_PREPARE_COMMIT)))
        .addMethod(
          getSubmitEntriesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.SubmitEntriesRequest,
              io.github.causewaysync.v1.SubmitEntriesResponse>(
                service, METHODID_SUBMIT_ENTRIES)))
        .addMethod(
          getGetEntriesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.GetEntriesRequest,
              io.github.causewaysync.v1.GetEntriesResponse>(
                service, METHODID_GET_ENTRIES)))
        .addMethod(
          getListEntriesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ListEntriesRequest,
              io.github.causewaysync.v1.ListEntriesResponse>(
                service, METHODID_LIST_ENTRIES)))
        .addMethod(
          getWatchTreeMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.WatchTreeRequest,
              io.github.causewaysync.v1.WatchTreeResponse>(
                service, METHODID_WATCH_TREE)))
        .build();
  }

  private static abstract class TreeServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    TreeServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.github.causewaysync.v1.TreeProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("TreeService");
    }
  }

  private static final class TreeServiceFileDescriptorSupplier
      extends TreeServiceBaseDescriptorSupplier {
    TreeServiceFileDescriptorSupplier() {}
  }

  private static final class TreeServiceMethodDescriptorSupplier
      extends TreeServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    TreeServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (TreeServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new TreeServiceFileDescriptorSupplier())
              .addMethod(getCreateTreeMethod())
              .addMethod(getListTreesMethod())
              .addMethod(getGetTreeMethod())
              .addMethod(getRemoveTreeMethod())
              .addMethod(getCommitMethod())
              .addMethod(getPrepareCommitMethod())
              .addMethod(getSubmitEntriesMethod())
              .addMethod(getGetEntriesMethod())
              .addMethod(getListEntriesMethod())
              .addMethod(getWatchTreeMethod())
              .build();
        }
      }
    }
    return result;
  }
}
