package io.github.causewaysync.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Operates a node. Only the node's own key, its control socket and the operators that it names may call this service:
 * a caller that has proven no key gets UNAUTHENTICATED, any other caller FORBIDDEN. A field of the wrong shape or
 * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class NodeServiceGrpc {

  private NodeServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "causeway.v1.NodeService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetNodeRequest,
      io.github.causewaysync.v1.GetNodeResponse> getGetNodeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetNode",
      requestType = io.github.causewaysync.v1.GetNodeRequest.class,
      responseType = io.github.causewaysync.v1.GetNodeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetNodeRequest,
      io.github.causewaysync.v1.GetNodeResponse> getGetNodeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetNodeRequest, io.github.causewaysync.v1.GetNodeResponse> getGetNodeMethod;
    if ((getGetNodeMethod = NodeServiceGrpc.getGetNodeMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getGetNodeMethod = NodeServiceGrpc.getGetNodeMethod) == null) {
          NodeServiceGrpc.getGetNodeMethod = getGetNodeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.GetNodeRequest, io.github.causewaysync.v1.GetNodeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetNode"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetNodeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetNodeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("GetNode"))
              .build();
        }
      }
    }
    return getGetNodeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.DiagnoseRequest,
      io.github.causewaysync.v1.DiagnoseResponse> getDiagnoseMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Diagnose",
      requestType = io.github.causewaysync.v1.DiagnoseRequest.class,
      responseType = io.github.causewaysync.v1.DiagnoseResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.DiagnoseRequest,
      io.github.causewaysync.v1.DiagnoseResponse> getDiagnoseMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.DiagnoseRequest, io.github.causewaysync.v1.DiagnoseResponse> getDiagnoseMethod;
    if ((getDiagnoseMethod = NodeServiceGrpc.getDiagnoseMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getDiagnoseMethod = NodeServiceGrpc.getDiagnoseMethod) == null) {
          NodeServiceGrpc.getDiagnoseMethod = getDiagnoseMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.DiagnoseRequest, io.github.causewaysync.v1.DiagnoseResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Diagnose"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.DiagnoseRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.DiagnoseResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("Diagnose"))
              .build();
        }
      }
    }
    return getDiagnoseMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.CreateTicketRequest,
      io.github.causewaysync.v1.CreateTicketResponse> getCreateTicketMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateTicket",
      requestType = io.github.causewaysync.v1.CreateTicketRequest.class,
      responseType = io.github.causewaysync.v1.CreateTicketResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.CreateTicketRequest,
      io.github.causewaysync.v1.CreateTicketResponse> getCreateTicketMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.CreateTicketRequest, io.github.causewaysync.v1.CreateTicketResponse> getCreateTicketMethod;
    if ((getCreateTicketMethod = NodeServiceGrpc.getCreateTicketMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getCreateTicketMethod = NodeServiceGrpc.getCreateTicketMethod) == null) {
          NodeServiceGrpc.getCreateTicketMethod = getCreateTicketMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.CreateTicketRequest, io.github.causewaysync.v1.CreateTicketResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateTicket"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.CreateTicketRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.CreateTicketResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("CreateTicket"))
              .build();
        }
      }
    }
    return getCreateTicketMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.SyncNowRequest,
      io.github.causewaysync.v1.SyncNowResponse> getSyncNowMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SyncNow",
      requestType = io.github.causewaysync.v1.SyncNowRequest.class,
      responseType = io.github.causewaysync.v1.SyncNowResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.SyncNowRequest,
      io.github.causewaysync.v1.SyncNowResponse> getSyncNowMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.SyncNowRequest, io.github.causewaysync.v1.SyncNowResponse> getSyncNowMethod;
    if ((getSyncNowMethod = NodeServiceGrpc.getSyncNowMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getSyncNowMethod = NodeServiceGrpc.getSyncNowMethod) == null) {
          NodeServiceGrpc.getSyncNowMethod = getSyncNowMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.SyncNowRequest, io.github.causewaysync.v1.SyncNowResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SyncNow"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.SyncNowRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.SyncNowResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("SyncNow"))
              .build();
        }
      }
    }
    return getSyncNowMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.VerifyTreeRequest,
      io.github.causewaysync.v1.VerifyTreeResponse> getVerifyTreeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "VerifyTree",
      requestType = io.github.causewaysync.v1.VerifyTreeRequest.class,
      responseType = io.github.causewaysync.v1.VerifyTreeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.VerifyTreeRequest,
      io.github.causewaysync.v1.VerifyTreeResponse> getVerifyTreeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.VerifyTreeRequest, io.github.causewaysync.v1.VerifyTreeResponse> getVerifyTreeMethod;
    if ((getVerifyTreeMethod = NodeServiceGrpc.getVerifyTreeMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getVerifyTreeMethod = NodeServiceGrpc.getVerifyTreeMethod) == null) {
          NodeServiceGrpc.getVerifyTreeMethod = getVerifyTreeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.VerifyTreeRequest, io.github.causewaysync.v1.VerifyTreeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "VerifyTree"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.VerifyTreeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.VerifyTreeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("VerifyTree"))
              .build();
        }
      }
    }
    return getVerifyTreeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.RepairRequest,
      io.github.causewaysync.v1.RepairResponse> getRepairMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Repair",
      requestType = io.github.causewaysync.v1.RepairRequest.class,
      responseType = io.github.causewaysync.v1.RepairResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.RepairRequest,
      io.github.causewaysync.v1.RepairResponse> getRepairMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.RepairRequest, io.github.causewaysync.v1.RepairResponse> getRepairMethod;
    if ((getRepairMethod = NodeServiceGrpc.getRepairMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getRepairMethod = NodeServiceGrpc.getRepairMethod) == null) {
          NodeServiceGrpc.getRepairMethod = getRepairMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.RepairRequest, io.github.causewaysync.v1.RepairResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Repair"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RepairRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RepairResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("Repair"))
              .build();
        }
      }
    }
    return getRepairMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.BackupRequest,
      io.github.causewaysync.v1.BackupResponse> getBackupMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Backup",
      requestType = io.github.causewaysync.v1.BackupRequest.class,
      responseType = io.github.causewaysync.v1.BackupResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.BackupRequest,
      io.github.causewaysync.v1.BackupResponse> getBackupMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.BackupRequest, io.github.causewaysync.v1.BackupResponse> getBackupMethod;
    if ((getBackupMethod = NodeServiceGrpc.getBackupMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getBackupMethod = NodeServiceGrpc.getBackupMethod) == null) {
          NodeServiceGrpc.getBackupMethod = getBackupMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.BackupRequest, io.github.causewaysync.v1.BackupResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Backup"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.BackupRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.BackupResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("Backup"))
              .build();
        }
      }
    }
    return getBackupMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.AddPeerRequest,
      io.github.causewaysync.v1.AddPeerResponse> getAddPeerMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AddPeer",
      requestType = io.github.causewaysync.v1.AddPeerRequest.class,
      responseType = io.github.causewaysync.v1.AddPeerResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.AddPeerRequest,
      io.github.causewaysync.v1.AddPeerResponse> getAddPeerMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.AddPeerRequest, io.github.causewaysync.v1.AddPeerResponse> getAddPeerMethod;
    if ((getAddPeerMethod = NodeServiceGrpc.getAddPeerMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getAddPeerMethod = NodeServiceGrpc.getAddPeerMethod) == null) {
          NodeServiceGrpc.getAddPeerMethod = getAddPeerMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.AddPeerRequest, io.github.causewaysync.v1.AddPeerResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AddPeer"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.AddPeerRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.AddPeerResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("AddPeer"))
              .build();
        }
      }
    }
    return getAddPeerMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.RemovePeerRequest,
      io.github.causewaysync.v1.RemovePeerResponse> getRemovePeerMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RemovePeer",
      requestType = io.github.causewaysync.v1.RemovePeerRequest.class,
      responseType = io.github.causewaysync.v1.RemovePeerResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.RemovePeerRequest,
      io.github.causewaysync.v1.RemovePeerResponse> getRemovePeerMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.RemovePeerRequest, io.github.causewaysync.v1.RemovePeerResponse> getRemovePeerMethod;
    if ((getRemovePeerMethod = NodeServiceGrpc.getRemovePeerMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getRemovePeerMethod = NodeServiceGrpc.getRemovePeerMethod) == null) {
          NodeServiceGrpc.getRemovePeerMethod = getRemovePeerMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.RemovePeerRequest, io.github.causewaysync.v1.RemovePeerResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RemovePeer"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RemovePeerRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RemovePeerResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("RemovePeer"))
              .build();
        }
      }
    }
    return getRemovePeerMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.BlockPeerRequest,
      io.github.causewaysync.v1.BlockPeerResponse> getBlockPeerMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BlockPeer",
      requestType = io.github.causewaysync.v1.BlockPeerRequest.class,
      responseType = io.github.causewaysync.v1.BlockPeerResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.BlockPeerRequest,
      io.github.causewaysync.v1.BlockPeerResponse> getBlockPeerMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.BlockPeerRequest, io.github.causewaysync.v1.BlockPeerResponse> getBlockPeerMethod;
    if ((getBlockPeerMethod = NodeServiceGrpc.getBlockPeerMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getBlockPeerMethod = NodeServiceGrpc.getBlockPeerMethod) == null) {
          NodeServiceGrpc.getBlockPeerMethod = getBlockPeerMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.BlockPeerRequest, io.github.causewaysync.v1.BlockPeerResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BlockPeer"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.BlockPeerRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.BlockPeerResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("BlockPeer"))
              .build();
        }
      }
    }
    return getBlockPeerMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListPeersRequest,
      io.github.causewaysync.v1.ListPeersResponse> getListPeersMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListPeers",
      requestType = io.github.causewaysync.v1.ListPeersRequest.class,
      responseType = io.github.causewaysync.v1.ListPeersResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListPeersRequest,
      io.github.causewaysync.v1.ListPeersResponse> getListPeersMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListPeersRequest, io.github.causewaysync.v1.ListPeersResponse> getListPeersMethod;
    if ((getListPeersMethod = NodeServiceGrpc.getListPeersMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getListPeersMethod = NodeServiceGrpc.getListPeersMethod) == null) {
          NodeServiceGrpc.getListPeersMethod = getListPeersMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ListPeersRequest, io.github.causewaysync.v1.ListPeersResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListPeers"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListPeersRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListPeersResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("ListPeers"))
              .build();
        }
      }
    }
    return getListPeersMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.LinkTreeRequest,
      io.github.causewaysync.v1.LinkTreeResponse> getLinkTreeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "LinkTree",
      requestType = io.github.causewaysync.v1.LinkTreeRequest.class,
      responseType = io.github.causewaysync.v1.LinkTreeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.LinkTreeRequest,
      io.github.causewaysync.v1.LinkTreeResponse> getLinkTreeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.LinkTreeRequest, io.github.causewaysync.v1.LinkTreeResponse> getLinkTreeMethod;
    if ((getLinkTreeMethod = NodeServiceGrpc.getLinkTreeMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getLinkTreeMethod = NodeServiceGrpc.getLinkTreeMethod) == null) {
          NodeServiceGrpc.getLinkTreeMethod = getLinkTreeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.LinkTreeRequest, io.github.causewaysync.v1.LinkTreeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "LinkTree"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.LinkTreeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.LinkTreeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("LinkTree"))
              .build();
        }
      }
    }
    return getLinkTreeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.UnlinkTreeRequest,
      io.github.causewaysync.v1.UnlinkTreeResponse> getUnlinkTreeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UnlinkTree",
      requestType = io.github.causewaysync.v1.UnlinkTreeRequest.class,
      responseType = io.github.causewaysync.v1.UnlinkTreeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.UnlinkTreeRequest,
      io.github.causewaysync.v1.UnlinkTreeResponse> getUnlinkTreeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.UnlinkTreeRequest, io.github.causewaysync.v1.UnlinkTreeResponse> getUnlinkTreeMethod;
    if ((getUnlinkTreeMethod = NodeServiceGrpc.getUnlinkTreeMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getUnlinkTreeMethod = NodeServiceGrpc.getUnlinkTreeMethod) == null) {
          NodeServiceGrpc.getUnlinkTreeMethod = getUnlinkTreeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.UnlinkTreeRequest, io.github.causewaysync.v1.UnlinkTreeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UnlinkTree"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.UnlinkTreeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.UnlinkTreeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("UnlinkTree"))
              .build();
        }
      }
    }
    return getUnlinkTreeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchStatusRequest,
      io.github.causewaysync.v1.WatchStatusResponse> getWatchStatusMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchStatus",
      requestType = io.github.causewaysync.v1.WatchStatusRequest.class,
      responseType = io.github.causewaysync.v1.WatchStatusResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchStatusRequest,
      io.github.causewaysync.v1.WatchStatusResponse> getWatchStatusMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchStatusRequest, io.github.causewaysync.v1.WatchStatusResponse> getWatchStatusMethod;
    if ((getWatchStatusMethod = NodeServiceGrpc.getWatchStatusMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getWatchStatusMethod = NodeServiceGrpc.getWatchStatusMethod) == null) {
          NodeServiceGrpc.getWatchStatusMethod = getWatchStatusMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.WatchStatusRequest, io.github.causewaysync.v1.WatchStatusResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchStatus"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchStatusRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchStatusResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("WatchStatus"))
              .build();
        }
      }
    }
    return getWatchStatusMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.FlushRequest,
      io.github.causewaysync.v1.FlushResponse> getFlushMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Flush",
      requestType = io.github.causewaysync.v1.FlushRequest.class,
      responseType = io.github.causewaysync.v1.FlushResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.FlushRequest,
      io.github.causewaysync.v1.FlushResponse> getFlushMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.FlushRequest, io.github.causewaysync.v1.FlushResponse> getFlushMethod;
    if ((getFlushMethod = NodeServiceGrpc.getFlushMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getFlushMethod = NodeServiceGrpc.getFlushMethod) == null) {
          NodeServiceGrpc.getFlushMethod = getFlushMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.FlushRequest, io.github.causewaysync.v1.FlushResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Flush"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.FlushRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.FlushResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("Flush"))
              .build();
        }
      }
    }
    return getFlushMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.JoinTreeRequest,
      io.github.causewaysync.v1.JoinTreeResponse> getJoinTreeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "JoinTree",
      requestType = io.github.causewaysync.v1.JoinTreeRequest.class,
      responseType = io.github.causewaysync.v1.JoinTreeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.JoinTreeRequest,
      io.github.causewaysync.v1.JoinTreeResponse> getJoinTreeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.JoinTreeRequest, io.github.causewaysync.v1.JoinTreeResponse> getJoinTreeMethod;
    if ((getJoinTreeMethod = NodeServiceGrpc.getJoinTreeMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getJoinTreeMethod = NodeServiceGrpc.getJoinTreeMethod) == null) {
          NodeServiceGrpc.getJoinTreeMethod = getJoinTreeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.JoinTreeRequest, io.github.causewaysync.v1.JoinTreeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "JoinTree"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.JoinTreeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.JoinTreeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("JoinTree"))
              .build();
        }
      }
    }
    return getJoinTreeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetPolicyRequest,
      io.github.causewaysync.v1.GetPolicyResponse> getGetPolicyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetPolicy",
      requestType = io.github.causewaysync.v1.GetPolicyRequest.class,
      responseType = io.github.causewaysync.v1.GetPolicyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetPolicyRequest,
      io.github.causewaysync.v1.GetPolicyResponse> getGetPolicyMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetPolicyRequest, io.github.causewaysync.v1.GetPolicyResponse> getGetPolicyMethod;
    if ((getGetPolicyMethod = NodeServiceGrpc.getGetPolicyMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getGetPolicyMethod = NodeServiceGrpc.getGetPolicyMethod) == null) {
          NodeServiceGrpc.getGetPolicyMethod = getGetPolicyMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.GetPolicyRequest, io.github.causewaysync.v1.GetPolicyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetPolicy"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetPolicyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetPolicyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("GetPolicy"))
              .build();
        }
      }
    }
    return getGetPolicyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ChangePolicyRequest,
      io.github.causewaysync.v1.ChangePolicyResponse> getChangePolicyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ChangePolicy",
      requestType = io.github.causewaysync.v1.ChangePolicyRequest.class,
      responseType = io.github.causewaysync.v1.ChangePolicyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ChangePolicyRequest,
      io.github.causewaysync.v1.ChangePolicyResponse> getChangePolicyMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ChangePolicyRequest, io.github.causewaysync.v1.ChangePolicyResponse> getChangePolicyMethod;
    if ((getChangePolicyMethod = NodeServiceGrpc.getChangePolicyMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getChangePolicyMethod = NodeServiceGrpc.getChangePolicyMethod) == null) {
          NodeServiceGrpc.getChangePolicyMethod = getChangePolicyMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ChangePolicyRequest, io.github.causewaysync.v1.ChangePolicyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ChangePolicy"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ChangePolicyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ChangePolicyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("ChangePolicy"))
              .build();
        }
      }
    }
    return getChangePolicyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.RevokeKeyRequest,
      io.github.causewaysync.v1.RevokeKeyResponse> getRevokeKeyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RevokeKey",
      requestType = io.github.causewaysync.v1.RevokeKeyRequest.class,
      responseType = io.github.causewaysync.v1.RevokeKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.RevokeKeyRequest,
      io.github.causewaysync.v1.RevokeKeyResponse> getRevokeKeyMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.RevokeKeyRequest, io.github.causewaysync.v1.RevokeKeyResponse> getRevokeKeyMethod;
    if ((getRevokeKeyMethod = NodeServiceGrpc.getRevokeKeyMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getRevokeKeyMethod = NodeServiceGrpc.getRevokeKeyMethod) == null) {
          NodeServiceGrpc.getRevokeKeyMethod = getRevokeKeyMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.RevokeKeyRequest, io.github.causewaysync.v1.RevokeKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RevokeKey"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RevokeKeyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RevokeKeyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("RevokeKey"))
              .build();
        }
      }
    }
    return getRevokeKeyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.AddAppRequest,
      io.github.causewaysync.v1.AddAppResponse> getAddAppMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AddApp",
      requestType = io.github.causewaysync.v1.AddAppRequest.class,
      responseType = io.github.causewaysync.v1.AddAppResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.AddAppRequest,
      io.github.causewaysync.v1.AddAppResponse> getAddAppMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.AddAppRequest, io.github.causewaysync.v1.AddAppResponse> getAddAppMethod;
    if ((getAddAppMethod = NodeServiceGrpc.getAddAppMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getAddAppMethod = NodeServiceGrpc.getAddAppMethod) == null) {
          NodeServiceGrpc.getAddAppMethod = getAddAppMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.AddAppRequest, io.github.causewaysync.v1.AddAppResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AddApp"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.AddAppRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.AddAppResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("AddApp"))
              .build();
        }
      }
    }
    return getAddAppMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListAppsRequest,
      io.github.causewaysync.v1.ListAppsResponse> getListAppsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListApps",
      requestType = io.github.causewaysync.v1.ListAppsRequest.class,
      responseType = io.github.causewaysync.v1.ListAppsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListAppsRequest,
      io.github.causewaysync.v1.ListAppsResponse> getListAppsMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListAppsRequest, io.github.causewaysync.v1.ListAppsResponse> getListAppsMethod;
    if ((getListAppsMethod = NodeServiceGrpc.getListAppsMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getListAppsMethod = NodeServiceGrpc.getListAppsMethod) == null) {
          NodeServiceGrpc.getListAppsMethod = getListAppsMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ListAppsRequest, io.github.causewaysync.v1.ListAppsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListApps"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListAppsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListAppsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("ListApps"))
              .build();
        }
      }
    }
    return getListAppsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.RevokeAppRequest,
      io.github.causewaysync.v1.RevokeAppResponse> getRevokeAppMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RevokeApp",
      requestType = io.github.causewaysync.v1.RevokeAppRequest.class,
      responseType = io.github.causewaysync.v1.RevokeAppResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.RevokeAppRequest,
      io.github.causewaysync.v1.RevokeAppResponse> getRevokeAppMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.RevokeAppRequest, io.github.causewaysync.v1.RevokeAppResponse> getRevokeAppMethod;
    if ((getRevokeAppMethod = NodeServiceGrpc.getRevokeAppMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getRevokeAppMethod = NodeServiceGrpc.getRevokeAppMethod) == null) {
          NodeServiceGrpc.getRevokeAppMethod = getRevokeAppMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.RevokeAppRequest, io.github.causewaysync.v1.RevokeAppResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RevokeApp"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RevokeAppRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RevokeAppResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("RevokeApp"))
              .build();
        }
      }
    }
    return getRevokeAppMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListAccessRequestsRequest,
      io.github.causewaysync.v1.ListAccessRequestsResponse> getListAccessRequestsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListAccessRequests",
      requestType = io.github.causewaysync.v1.ListAccessRequestsRequest.class,
      responseType = io.github.causewaysync.v1.ListAccessRequestsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListAccessRequestsRequest,
      io.github.causewaysync.v1.ListAccessRequestsResponse> getListAccessRequestsMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListAccessRequestsRequest, io.github.causewaysync.v1.ListAccessRequestsResponse> getListAccessRequestsMethod;
    if ((getListAccessRequestsMethod = NodeServiceGrpc.getListAccessRequestsMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getListAccessRequestsMethod = NodeServiceGrpc.getListAccessRequestsMethod) == null) {
          NodeServiceGrpc.getListAccessRequestsMethod = getListAccessRequestsMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ListAccessRequestsRequest, io.github.causewaysync.v1.ListAccessRequestsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListAccessRequests"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListAccessRequestsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListAccessRequestsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("ListAccessRequests"))
              .build();
        }
      }
    }
    return getListAccessRequestsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.DecideAccessRequest,
      io.github.causewaysync.v1.DecideAccessResponse> getDecideAccessMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DecideAccess",
      requestType = io.github.causewaysync.v1.DecideAccessRequest.class,
      responseType = io.github.causewaysync.v1.DecideAccessResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.DecideAccessRequest,
      io.github.causewaysync.v1.DecideAccessResponse> getDecideAccessMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.DecideAccessRequest, io.github.causewaysync.v1.DecideAccessResponse> getDecideAccessMethod;
    if ((getDecideAccessMethod = NodeServiceGrpc.getDecideAccessMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getDecideAccessMethod = NodeServiceGrpc.getDecideAccessMethod) == null) {
          NodeServiceGrpc.getDecideAccessMethod = getDecideAccessMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.DecideAccessRequest, io.github.causewaysync.v1.DecideAccessResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DecideAccess"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.DecideAccessRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.DecideAccessResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("DecideAccess"))
              .build();
        }
      }
    }
    return getDecideAccessMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListInvitationsRequest,
      io.github.causewaysync.v1.ListInvitationsResponse> getListInvitationsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListInvitations",
      requestType = io.github.causewaysync.v1.ListInvitationsRequest.class,
      responseType = io.github.causewaysync.v1.ListInvitationsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListInvitationsRequest,
      io.github.causewaysync.v1.ListInvitationsResponse> getListInvitationsMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListInvitationsRequest, io.github.causewaysync.v1.ListInvitationsResponse> getListInvitationsMethod;
    if ((getListInvitationsMethod = NodeServiceGrpc.getListInvitationsMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getListInvitationsMethod = NodeServiceGrpc.getListInvitationsMethod) == null) {
          NodeServiceGrpc.getListInvitationsMethod = getListInvitationsMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ListInvitationsRequest, io.github.causewaysync.v1.ListInvitationsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListInvitations"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListInvitationsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListInvitationsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("ListInvitations"))
              .build();
        }
      }
    }
    return getListInvitationsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.RevokeInvitationRequest,
      io.github.causewaysync.v1.RevokeInvitationResponse> getRevokeInvitationMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RevokeInvitation",
      requestType = io.github.causewaysync.v1.RevokeInvitationRequest.class,
      responseType = io.github.causewaysync.v1.RevokeInvitationResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.RevokeInvitationRequest,
      io.github.causewaysync.v1.RevokeInvitationResponse> getRevokeInvitationMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.RevokeInvitationRequest, io.github.causewaysync.v1.RevokeInvitationResponse> getRevokeInvitationMethod;
    if ((getRevokeInvitationMethod = NodeServiceGrpc.getRevokeInvitationMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getRevokeInvitationMethod = NodeServiceGrpc.getRevokeInvitationMethod) == null) {
          NodeServiceGrpc.getRevokeInvitationMethod = getRevokeInvitationMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.RevokeInvitationRequest, io.github.causewaysync.v1.RevokeInvitationResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RevokeInvitation"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RevokeInvitationRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.RevokeInvitationResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("RevokeInvitation"))
              .build();
        }
      }
    }
    return getRevokeInvitationMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchNodeRequest,
      io.github.causewaysync.v1.WatchNodeResponse> getWatchNodeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchNode",
      requestType = io.github.causewaysync.v1.WatchNodeRequest.class,
      responseType = io.github.causewaysync.v1.WatchNodeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchNodeRequest,
      io.github.causewaysync.v1.WatchNodeResponse> getWatchNodeMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchNodeRequest, io.github.causewaysync.v1.WatchNodeResponse> getWatchNodeMethod;
    if ((getWatchNodeMethod = NodeServiceGrpc.getWatchNodeMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getWatchNodeMethod = NodeServiceGrpc.getWatchNodeMethod) == null) {
          NodeServiceGrpc.getWatchNodeMethod = getWatchNodeMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.WatchNodeRequest, io.github.causewaysync.v1.WatchNodeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchNode"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchNodeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchNodeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("WatchNode"))
              .build();
        }
      }
    }
    return getWatchNodeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetSettingsRequest,
      io.github.causewaysync.v1.GetSettingsResponse> getGetSettingsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetSettings",
      requestType = io.github.causewaysync.v1.GetSettingsRequest.class,
      responseType = io.github.causewaysync.v1.GetSettingsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetSettingsRequest,
      io.github.causewaysync.v1.GetSettingsResponse> getGetSettingsMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetSettingsRequest, io.github.causewaysync.v1.GetSettingsResponse> getGetSettingsMethod;
    if ((getGetSettingsMethod = NodeServiceGrpc.getGetSettingsMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getGetSettingsMethod = NodeServiceGrpc.getGetSettingsMethod) == null) {
          NodeServiceGrpc.getGetSettingsMethod = getGetSettingsMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.GetSettingsRequest, io.github.causewaysync.v1.GetSettingsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetSettings"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetSettingsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetSettingsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("GetSettings"))
              .build();
        }
      }
    }
    return getGetSettingsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetMetricsRequest,
      io.github.causewaysync.v1.GetMetricsResponse> getGetMetricsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetMetrics",
      requestType = io.github.causewaysync.v1.GetMetricsRequest.class,
      responseType = io.github.causewaysync.v1.GetMetricsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetMetricsRequest,
      io.github.causewaysync.v1.GetMetricsResponse> getGetMetricsMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.GetMetricsRequest, io.github.causewaysync.v1.GetMetricsResponse> getGetMetricsMethod;
    if ((getGetMetricsMethod = NodeServiceGrpc.getGetMetricsMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getGetMetricsMethod = NodeServiceGrpc.getGetMetricsMethod) == null) {
          NodeServiceGrpc.getGetMetricsMethod = getGetMetricsMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.GetMetricsRequest, io.github.causewaysync.v1.GetMetricsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetMetrics"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetMetricsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.GetMetricsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("GetMetrics"))
              .build();
        }
      }
    }
    return getGetMetricsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchLogRequest,
      io.github.causewaysync.v1.WatchLogResponse> getWatchLogMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchLog",
      requestType = io.github.causewaysync.v1.WatchLogRequest.class,
      responseType = io.github.causewaysync.v1.WatchLogResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchLogRequest,
      io.github.causewaysync.v1.WatchLogResponse> getWatchLogMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.WatchLogRequest, io.github.causewaysync.v1.WatchLogResponse> getWatchLogMethod;
    if ((getWatchLogMethod = NodeServiceGrpc.getWatchLogMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getWatchLogMethod = NodeServiceGrpc.getWatchLogMethod) == null) {
          NodeServiceGrpc.getWatchLogMethod = getWatchLogMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.WatchLogRequest, io.github.causewaysync.v1.WatchLogResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchLog"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchLogRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.WatchLogResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("WatchLog"))
              .build();
        }
      }
    }
    return getWatchLogMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListAuthorStorageRequest,
      io.github.causewaysync.v1.ListAuthorStorageResponse> getListAuthorStorageMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListAuthorStorage",
      requestType = io.github.causewaysync.v1.ListAuthorStorageRequest.class,
      responseType = io.github.causewaysync.v1.ListAuthorStorageResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListAuthorStorageRequest,
      io.github.causewaysync.v1.ListAuthorStorageResponse> getListAuthorStorageMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListAuthorStorageRequest, io.github.causewaysync.v1.ListAuthorStorageResponse> getListAuthorStorageMethod;
    if ((getListAuthorStorageMethod = NodeServiceGrpc.getListAuthorStorageMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getListAuthorStorageMethod = NodeServiceGrpc.getListAuthorStorageMethod) == null) {
          NodeServiceGrpc.getListAuthorStorageMethod = getListAuthorStorageMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ListAuthorStorageRequest, io.github.causewaysync.v1.ListAuthorStorageResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListAuthorStorage"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListAuthorStorageRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListAuthorStorageResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("ListAuthorStorage"))
              .build();
        }
      }
    }
    return getListAuthorStorageMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.CreatePageLinkRequest,
      io.github.causewaysync.v1.CreatePageLinkResponse> getCreatePageLinkMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreatePageLink",
      requestType = io.github.causewaysync.v1.CreatePageLinkRequest.class,
      responseType = io.github.causewaysync.v1.CreatePageLinkResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.CreatePageLinkRequest,
      io.github.causewaysync.v1.CreatePageLinkResponse> getCreatePageLinkMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.CreatePageLinkRequest, io.github.causewaysync.v1.CreatePageLinkResponse> getCreatePageLinkMethod;
    if ((getCreatePageLinkMethod = NodeServiceGrpc.getCreatePageLinkMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getCreatePageLinkMethod = NodeServiceGrpc.getCreatePageLinkMethod) == null) {
          NodeServiceGrpc.getCreatePageLinkMethod = getCreatePageLinkMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.CreatePageLinkRequest, io.github.causewaysync.v1.CreatePageLinkResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreatePageLink"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.CreatePageLinkRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.CreatePageLinkResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("CreatePageLink"))
              .build();
        }
      }
    }
    return getCreatePageLinkMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.EndPageSessionsRequest,
      io.github.causewaysync.v1.EndPageSessionsResponse> getEndPageSessionsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "EndPageSessions",
      requestType = io.github.causewaysync.v1.EndPageSessionsRequest.class,
      responseType = io.github.causewaysync.v1.EndPageSessionsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.EndPageSessionsRequest,
      io.github.causewaysync.v1.EndPageSessionsResponse> getEndPageSessionsMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.EndPageSessionsRequest, io.github.causewaysync.v1.EndPageSessionsResponse> getEndPageSessionsMethod;
    if ((getEndPageSessionsMethod = NodeServiceGrpc.getEndPageSessionsMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getEndPageSessionsMethod = NodeServiceGrpc.getEndPageSessionsMethod) == null) {
          NodeServiceGrpc.getEndPageSessionsMethod = getEndPageSessionsMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.EndPageSessionsRequest, io.github.causewaysync.v1.EndPageSessionsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "EndPageSessions"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.EndPageSessionsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.EndPageSessionsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("EndPageSessions"))
              .build();
        }
      }
    }
    return getEndPageSessionsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListOffersRequest,
      io.github.causewaysync.v1.ListOffersResponse> getListOffersMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListOffers",
      requestType = io.github.causewaysync.v1.ListOffersRequest.class,
      responseType = io.github.causewaysync.v1.ListOffersResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListOffersRequest,
      io.github.causewaysync.v1.ListOffersResponse> getListOffersMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.ListOffersRequest, io.github.causewaysync.v1.ListOffersResponse> getListOffersMethod;
    if ((getListOffersMethod = NodeServiceGrpc.getListOffersMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getListOffersMethod = NodeServiceGrpc.getListOffersMethod) == null) {
          NodeServiceGrpc.getListOffersMethod = getListOffersMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.ListOffersRequest, io.github.causewaysync.v1.ListOffersResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListOffers"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListOffersRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.ListOffersResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("ListOffers"))
              .build();
        }
      }
    }
    return getListOffersMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.AcceptOffersRequest,
      io.github.causewaysync.v1.AcceptOffersResponse> getAcceptOffersMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AcceptOffers",
      requestType = io.github.causewaysync.v1.AcceptOffersRequest.class,
      responseType = io.github.causewaysync.v1.AcceptOffersResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.AcceptOffersRequest,
      io.github.causewaysync.v1.AcceptOffersResponse> getAcceptOffersMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.AcceptOffersRequest, io.github.causewaysync.v1.AcceptOffersResponse> getAcceptOffersMethod;
    if ((getAcceptOffersMethod = NodeServiceGrpc.getAcceptOffersMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getAcceptOffersMethod = NodeServiceGrpc.getAcceptOffersMethod) == null) {
          NodeServiceGrpc.getAcceptOffersMethod = getAcceptOffersMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.AcceptOffersRequest, io.github.causewaysync.v1.AcceptOffersResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AcceptOffers"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.AcceptOffersRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.AcceptOffersResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("AcceptOffers"))
              .build();
        }
      }
    }
    return getAcceptOffersMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.DeclineOffersRequest,
      io.github.causewaysync.v1.DeclineOffersResponse> getDeclineOffersMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeclineOffers",
      requestType = io.github.causewaysync.v1.DeclineOffersRequest.class,
      responseType = io.github.causewaysync.v1.DeclineOffersResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.DeclineOffersRequest,
      io.github.causewaysync.v1.DeclineOffersResponse> getDeclineOffersMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.DeclineOffersRequest, io.github.causewaysync.v1.DeclineOffersResponse> getDeclineOffersMethod;
    if ((getDeclineOffersMethod = NodeServiceGrpc.getDeclineOffersMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getDeclineOffersMethod = NodeServiceGrpc.getDeclineOffersMethod) == null) {
          NodeServiceGrpc.getDeclineOffersMethod = getDeclineOffersMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.DeclineOffersRequest, io.github.causewaysync.v1.DeclineOffersResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeclineOffers"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.DeclineOffersRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.DeclineOffersResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("DeclineOffers"))
              .build();
        }
      }
    }
    return getDeclineOffersMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.StartPairingRequest,
      io.github.causewaysync.v1.StartPairingResponse> getStartPairingMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StartPairing",
      requestType = io.github.causewaysync.v1.StartPairingRequest.class,
      responseType = io.github.causewaysync.v1.StartPairingResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.StartPairingRequest,
      io.github.causewaysync.v1.StartPairingResponse> getStartPairingMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.StartPairingRequest, io.github.causewaysync.v1.StartPairingResponse> getStartPairingMethod;
    if ((getStartPairingMethod = NodeServiceGrpc.getStartPairingMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getStartPairingMethod = NodeServiceGrpc.getStartPairingMethod) == null) {
          NodeServiceGrpc.getStartPairingMethod = getStartPairingMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.StartPairingRequest, io.github.causewaysync.v1.StartPairingResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StartPairing"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.StartPairingRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.StartPairingResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("StartPairing"))
              .build();
        }
      }
    }
    return getStartPairingMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.github.causewaysync.v1.AnswerPairingRequest,
      io.github.causewaysync.v1.AnswerPairingResponse> getAnswerPairingMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "AnswerPairing",
      requestType = io.github.causewaysync.v1.AnswerPairingRequest.class,
      responseType = io.github.causewaysync.v1.AnswerPairingResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.github.causewaysync.v1.AnswerPairingRequest,
      io.github.causewaysync.v1.AnswerPairingResponse> getAnswerPairingMethod() {
    io.grpc.MethodDescriptor<io.github.causewaysync.v1.AnswerPairingRequest, io.github.causewaysync.v1.AnswerPairingResponse> getAnswerPairingMethod;
    if ((getAnswerPairingMethod = NodeServiceGrpc.getAnswerPairingMethod) == null) {
      synchronized (NodeServiceGrpc.class) {
        if ((getAnswerPairingMethod = NodeServiceGrpc.getAnswerPairingMethod) == null) {
          NodeServiceGrpc.getAnswerPairingMethod = getAnswerPairingMethod =
              io.grpc.MethodDescriptor.<io.github.causewaysync.v1.AnswerPairingRequest, io.github.causewaysync.v1.AnswerPairingResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "AnswerPairing"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.AnswerPairingRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.github.causewaysync.v1.AnswerPairingResponse.getDefaultInstance()))
              .setSchemaDescriptor(new NodeServiceMethodDescriptorSupplier("AnswerPairing"))
              .build();
        }
      }
    }
    return getAnswerPairingMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static NodeServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<NodeServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<NodeServiceStub>() {
        @java.lang.Override
        public NodeServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new NodeServiceStub(channel, callOptions);
        }
      };
    return NodeServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static NodeServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<NodeServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<NodeServiceBlockingV2Stub>() {
        @java.lang.Override
        public NodeServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new NodeServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return NodeServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static NodeServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<NodeServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<NodeServiceBlockingStub>() {
        @java.lang.Override
        public NodeServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new NodeServiceBlockingStub(channel, callOptions);
        }
      };
    return NodeServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static NodeServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<NodeServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<NodeServiceFutureStub>() {
        @java.lang.Override
        public NodeServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new NodeServiceFutureStub(channel, callOptions);
        }
      };
    return NodeServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Operates a node. Only the node's own key, its control socket and the operators that it names may call this service:
   * a caller that has proven no key gets UNAUTHENTICATED, any other caller FORBIDDEN. A field of the wrong shape or
   * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Returns who the node is, how to reach it, and its open connections.
     * </pre>
     */
    default void getNode(io.github.causewaysync.v1.GetNodeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetNodeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetNodeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Examines what the node can reach and be reached by, and what threatens it: its ports, relay and addresses, its
     * clock, disk and certificate, its store and its links.
     * </pre>
     */
    default void diagnose(io.github.causewaysync.v1.DiagnoseRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.DiagnoseResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDiagnoseMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates a ticket for a tree. Fails with UNKNOWN_TREE, and with NOT_STARTED if the node does not listen. An
     * invitation also fails with FORBIDDEN if the node is not an admin of the tree, and with LIMIT_EXCEEDED if 1,024
     * invitations are unused.
     * </pre>
     */
    default void createTicket(io.github.causewaysync.v1.CreateTicketRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.CreateTicketResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateTicketMethod(), responseObserver);
    }

    /**
     * <pre>
     * Syncs a tree with a remote now, in both directions. Streams the progress, then the result. Fails with the error
     * that ended the session.
     * </pre>
     */
    default void syncNow(io.github.causewaysync.v1.SyncNowRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.SyncNowResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSyncNowMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads, hashes and verifies every entry of a tree again. Streams the progress, then the result. Fails with
     * UNKNOWN_TREE.
     * </pre>
     */
    default void verifyTree(io.github.causewaysync.v1.VerifyTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.VerifyTreeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getVerifyTreeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Repairs a tree, or the store: checks it, keeps the entries that are whole together with all of their ancestors,
     * makes every other record of it anew, and lets the links of the tree fetch the rest from peers. Streams the
     * progress, then the result. A repair goes on if the caller leaves. Fails with UNKNOWN_TREE.
     * </pre>
     */
    default void repair(io.github.causewaysync.v1.RepairRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RepairResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRepairMethod(), responseObserver);
    }

    /**
     * <pre>
     * Writes a backup: a CAR file (version 1) whose raw blocks are entries, with notes beside them. docs/operating.md
     * describes it. Streams its bytes, with the progress; the last message has `done`. All of it is of the moment of the
     * call, and the node goes on meanwhile. Fails with UNKNOWN_TREE.
     * </pre>
     */
    default void backup(io.github.causewaysync.v1.BackupRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.BackupResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBackupMethod(), responseObserver);
    }

    /**
     * <pre>
     * Adds a peer to the peer book, or adds addresses and a name to a peer that is in it. Fails with BAD_ADDRESS, with
     * LIMIT_EXCEEDED past 4,096 peers, and with UNREACHABLE if the node must ask the addresses and none answers.
     * </pre>
     */
    default void addPeer(io.github.causewaysync.v1.AddPeerRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.AddPeerResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAddPeerMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes a peer and its links. Fails with UNKNOWN_PEER.
     * </pre>
     */
    default void removePeer(io.github.causewaysync.v1.RemovePeerRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RemovePeerResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRemovePeerMethod(), responseObserver);
    }

    /**
     * <pre>
     * Blocks or unblocks a peer. A blocked peer is neither dialled nor served. Fails with UNKNOWN_PEER.
     * </pre>
     */
    default void blockPeer(io.github.causewaysync.v1.BlockPeerRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.BlockPeerResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBlockPeerMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the peer book, ordered by PeerId.
     * </pre>
     */
    default void listPeers(io.github.causewaysync.v1.ListPeersRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListPeersResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListPeersMethod(), responseObserver);
    }

    /**
     * <pre>
     * Links a tree with a peer: from now on the node keeps both sides in sync, across restarts. For an existing link it
     * changes the settings. Fails with UNKNOWN_PEER, and with LIMIT_EXCEEDED past 16,384 links.
     * </pre>
     */
    default void linkTree(io.github.causewaysync.v1.LinkTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.LinkTreeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getLinkTreeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes a link: the node stops syncing the tree with the peer. Fails with UNKNOWN_PEER if there is no such link.
     * </pre>
     */
    default void unlinkTree(io.github.causewaysync.v1.UnlinkTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.UnlinkTreeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUnlinkTreeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the status of every link, once or with every change.
     * </pre>
     */
    default void watchStatus(io.github.causewaysync.v1.WatchStatusRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchStatusResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchStatusMethod(), responseObserver);
    }

    /**
     * <pre>
     * Tries to deliver all undelivered entries now. Returns once everything is delivered, the remaining links are no
     * longer tried automatically, or the time is over. In a tree with many members, two neighbours are enough.
     * </pre>
     */
    default void flush(io.github.causewaysync.v1.FlushRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.FlushResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getFlushMethod(), responseObserver);
    }

    /**
     * <pre>
     * Joins a tree by a ticket: links the tree and asks the ticket's issuer for access. The tree syncs as soon as
     * access is granted, across restarts. Streams the state of the request. Fails with LIMIT_EXCEEDED if 1,024 requests
     * are open.
     * </pre>
     */
    default void joinTree(io.github.causewaysync.v1.JoinTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.JoinTreeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getJoinTreeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns who may do what in a tree. Fails with UNKNOWN_TREE.
     * </pre>
     */
    default void getPolicy(io.github.causewaysync.v1.GetPolicyRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetPolicyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetPolicyMethod(), responseObserver);
    }

    /**
     * <pre>
     * Grants rights to keys, and sets what everybody may do. Fails with UNKNOWN_TREE, and with FORBIDDEN if the node's
     * key is not an admin of the tree.
     * </pre>
     */
    default void changePolicy(io.github.causewaysync.v1.ChangePolicyRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ChangePolicyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getChangePolicyMethod(), responseObserver);
    }

    /**
     * <pre>
     * Revokes a key's access. Entries that it wrote before stay valid; later ones are void. Fails with UNKNOWN_TREE,
     * and with FORBIDDEN if the node's key is not an admin of the tree.
     * </pre>
     */
    default void revokeKey(io.github.causewaysync.v1.RevokeKeyRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RevokeKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRevokeKeyMethod(), responseObserver);
    }

    /**
     * <pre>
     * Names the key of an application, and grants it rights in trees. The caller makes the key and keeps its seed. For a
     * key that has the name already, does what is left to do, and grants more. Checks everything first: fails with
     * ALREADY_EXISTS if another key has the name or the key has another name, UNKNOWN_TREE, FORBIDDEN if the node's key
     * is not an admin of a tree, and LIMIT_EXCEEDED past 1,024 application keys.
     * </pre>
     */
    default void addApp(io.github.causewaysync.v1.AddAppRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.AddAppResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAddAppMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the application keys, ordered by name.
     * </pre>
     */
    default void listApps(io.github.causewaysync.v1.ListAppsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListAppsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListAppsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Revokes an application key in the trees that it is for, as RevokeKey does, and frees its name. Fails with
     * UNKNOWN_PEER. If the node's key is no longer an admin of one of the trees, revokes it in all others, keeps the name
     * and fails with FORBIDDEN.
     * </pre>
     */
    default void revokeApp(io.github.causewaysync.v1.RevokeAppRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RevokeAppResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRevokeAppMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the requests for access that wait for a decision, oldest first.
     * </pre>
     */
    default void listAccessRequests(io.github.causewaysync.v1.ListAccessRequestsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListAccessRequestsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListAccessRequestsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Approves or rejects a request for access. Fails with UNKNOWN_REQUEST and ALREADY_DECIDED; approving also fails
     * with FORBIDDEN if the node's key is not an admin of the tree.
     * </pre>
     */
    default void decideAccess(io.github.causewaysync.v1.DecideAccessRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.DecideAccessResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDecideAccessMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the one-time invitations that are unused and have not expired, and the last ones that were used until then,
     * ordered by when they were made. Their secrets are in the tickets alone.
     * </pre>
     */
    default void listInvitations(io.github.causewaysync.v1.ListInvitationsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListInvitationsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListInvitationsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Revokes an invitation: a ticket with it grants nothing any more. Fails with UNKNOWN_REQUEST if there is no such
     * unused invitation.
     * </pre>
     */
    default void revokeInvitation(io.github.causewaysync.v1.RevokeInvitationRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RevokeInvitationResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRevokeInvitationMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the node's trees, links and storage, once or with every change, at most once a second. It is all that a page
     * shows, in one stream, since browsers open only a few connections to one address.
     * </pre>
     */
    default void watchNode(io.github.causewaysync.v1.WatchNodeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchNodeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchNodeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the settings with which the node runs, and where each came from. None of them is a secret.
     * </pre>
     */
    default void getSettings(io.github.causewaysync.v1.GetSettingsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetSettingsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetSettingsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns what the node measures, as `/metrics` of the operators' listener does. It is computed at most once a second.
     * </pre>
     */
    default void getMetrics(io.github.causewaysync.v1.GetMetricsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetMetricsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetMetricsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams the log of the node: the latest lines, of which it keeps up to 1,000, and then new ones as they come. No line
     * has a secret.
     * </pre>
     */
    default void watchLog(io.github.causewaysync.v1.WatchLogRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchLogResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchLogMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists how much each author takes in a tree of what it may, the largest first. Fails with UNKNOWN_TREE.
     * </pre>
     */
    default void listAuthorStorage(io.github.causewaysync.v1.ListAuthorStorageRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListAuthorStorageResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListAuthorStorageMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates a link that opens the node's page in a browser, for one use within two minutes. Fails with NOT_STARTED if
     * the node does not serve its page.
     * </pre>
     */
    default void createPageLink(io.github.causewaysync.v1.CreatePageLinkRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.CreatePageLinkResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreatePageLinkMethod(), responseObserver);
    }

    /**
     * <pre>
     * Ends all sessions of the node's page, and the links that nobody has used.
     * </pre>
     */
    default void endPageSessions(io.github.causewaysync.v1.EndPageSessionsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.EndPageSessionsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getEndPageSessionsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the trees that peers offer to this node, and that it does not have: their policies name it. Ordered by tree and
     * peer.
     * </pre>
     */
    default void listOffers(io.github.causewaysync.v1.ListOffersRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListOffersResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListOffersMethod(), responseObserver);
    }

    /**
     * <pre>
     * Accepts offers: adds the peers to the peer book, and links the trees with them. Fails with UNKNOWN_REQUEST if there is
     * no such offer, and with LIMIT_EXCEEDED past the bounds on peers and links.
     * </pre>
     */
    default void acceptOffers(io.github.causewaysync.v1.AcceptOffersRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.AcceptOffersResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAcceptOffersMethod(), responseObserver);
    }

    /**
     * <pre>
     * Declines offers, and those that these peers make of these trees later, until the two are linked by hand. Fails with
     * UNKNOWN_REQUEST if there is no such offer.
     * </pre>
     */
    default void declineOffers(io.github.causewaysync.v1.DeclineOffersRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.DeclineOffersResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeclineOffersMethod(), responseObserver);
    }

    /**
     * <pre>
     * Pairs with another machine in the LAN, at which somebody does the same: adds each to the peer book of the other once
     * both people have said that they see the same digits. Streams what happens, and ends with `paired`. Only while it
     * streams, for at most two minutes, does the node answer strangers' calls for pairing; it ends when the caller leaves.
     * Fails with ALREADY_STARTED if it is under way, with UNKNOWN_TREE or FORBIDDEN if the tree cannot be shared, with
     * TIMEOUT if time runs out, with ACCESS_REJECTED if one of the two says no, and with RESOURCE_EXHAUSTED after too many
     * attempts.
     * </pre>
     */
    default void startPairing(io.github.causewaysync.v1.StartPairingRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.StartPairingResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStartPairingMethod(), responseObserver);
    }

    /**
     * <pre>
     * Says whether both machines show the same digits. Fails with NOT_STARTED if no digits of this peer are shown.
     * </pre>
     */
    default void answerPairing(io.github.causewaysync.v1.AnswerPairingRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.AnswerPairingResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getAnswerPairingMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service NodeService.
   * <pre>
   * Operates a node. Only the node's own key, its control socket and the operators that it names may call this service:
   * a caller that has proven no key gets UNAUTHENTICATED, any other caller FORBIDDEN. A field of the wrong shape or
   * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
   * </pre>
   */
  public static abstract class NodeServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return NodeServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service NodeService.
   * <pre>
   * Operates a node. Only the node's own key, its control socket and the operators that it names may call this service:
   * a caller that has proven no key gets UNAUTHENTICATED, any other caller FORBIDDEN. A field of the wrong shape or
   * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
   * </pre>
   */
  public static final class NodeServiceStub
      extends io.grpc.stub.AbstractAsyncStub<NodeServiceStub> {
    private NodeServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected NodeServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new NodeServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns who the node is, how to reach it, and its open connections.
     * </pre>
     */
    public void getNode(io.github.causewaysync.v1.GetNodeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetNodeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetNodeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Examines what the node can reach and be reached by, and what threatens it: its ports, relay and addresses, its
     * clock, disk and certificate, its store and its links.
     * </pre>
     */
    public void diagnose(io.github.causewaysync.v1.DiagnoseRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.DiagnoseResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDiagnoseMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates a ticket for a tree. Fails with UNKNOWN_TREE, and with NOT_STARTED if the node does not listen. An
     * invitation also fails with FORBIDDEN if the node is not an admin of the tree, and with LIMIT_EXCEEDED if 1,024
     * invitations are unused.
     * </pre>
     */
    public void createTicket(io.github.causewaysync.v1.CreateTicketRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.CreateTicketResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateTicketMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Syncs a tree with a remote now, in both directions. Streams the progress, then the result. Fails with the error
     * that ended the session.
     * </pre>
     */
    public void syncNow(io.github.causewaysync.v1.SyncNowRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.SyncNowResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getSyncNowMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads, hashes and verifies every entry of a tree again. Streams the progress, then the result. Fails with
     * UNKNOWN_TREE.
     * </pre>
     */
    public void verifyTree(io.github.causewaysync.v1.VerifyTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.VerifyTreeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getVerifyTreeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Repairs a tree, or the store: checks it, keeps the entries that are whole together with all of their ancestors,
     * makes every other record of it anew, and lets the links of the tree fetch the rest from peers. Streams the
     * progress, then the result. A repair goes on if the caller leaves. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public void repair(io.github.causewaysync.v1.RepairRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RepairResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getRepairMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Writes a backup: a CAR file (version 1) whose raw blocks are entries, with notes beside them. docs/operating.md
     * describes it. Streams its bytes, with the progress; the last message has `done`. All of it is of the moment of the
     * call, and the node goes on meanwhile. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public void backup(io.github.causewaysync.v1.BackupRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.BackupResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getBackupMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Adds a peer to the peer book, or adds addresses and a name to a peer that is in it. Fails with BAD_ADDRESS, with
     * LIMIT_EXCEEDED past 4,096 peers, and with UNREACHABLE if the node must ask the addresses and none answers.
     * </pre>
     */
    public void addPeer(io.github.causewaysync.v1.AddPeerRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.AddPeerResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAddPeerMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes a peer and its links. Fails with UNKNOWN_PEER.
     * </pre>
     */
    public void removePeer(io.github.causewaysync.v1.RemovePeerRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RemovePeerResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRemovePeerMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Blocks or unblocks a peer. A blocked peer is neither dialled nor served. Fails with UNKNOWN_PEER.
     * </pre>
     */
    public void blockPeer(io.github.causewaysync.v1.BlockPeerRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.BlockPeerResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBlockPeerMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the peer book, ordered by PeerId.
     * </pre>
     */
    public void listPeers(io.github.causewaysync.v1.ListPeersRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListPeersResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListPeersMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Links a tree with a peer: from now on the node keeps both sides in sync, across restarts. For an existing link it
     * changes the settings. Fails with UNKNOWN_PEER, and with LIMIT_EXCEEDED past 16,384 links.
     * </pre>
     */
    public void linkTree(io.github.causewaysync.v1.LinkTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.LinkTreeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getLinkTreeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes a link: the node stops syncing the tree with the peer. Fails with UNKNOWN_PEER if there is no such link.
     * </pre>
     */
    public void unlinkTree(io.github.causewaysync.v1.UnlinkTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.UnlinkTreeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUnlinkTreeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the status of every link, once or with every change.
     * </pre>
     */
    public void watchStatus(io.github.causewaysync.v1.WatchStatusRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchStatusResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchStatusMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Tries to deliver all undelivered entries now. Returns once everything is delivered, the remaining links are no
     * longer tried automatically, or the time is over. In a tree with many members, two neighbours are enough.
     * </pre>
     */
    public void flush(io.github.causewaysync.v1.FlushRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.FlushResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getFlushMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Joins a tree by a ticket: links the tree and asks the ticket's issuer for access. The tree syncs as soon as
     * access is granted, across restarts. Streams the state of the request. Fails with LIMIT_EXCEEDED if 1,024 requests
     * are open.
     * </pre>
     */
    public void joinTree(io.github.causewaysync.v1.JoinTreeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.JoinTreeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getJoinTreeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns who may do what in a tree. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public void getPolicy(io.github.causewaysync.v1.GetPolicyRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetPolicyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetPolicyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Grants rights to keys, and sets what everybody may do. Fails with UNKNOWN_TREE, and with FORBIDDEN if the node's
     * key is not an admin of the tree.
     * </pre>
     */
    public void changePolicy(io.github.causewaysync.v1.ChangePolicyRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ChangePolicyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getChangePolicyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Revokes a key's access. Entries that it wrote before stay valid; later ones are void. Fails with UNKNOWN_TREE,
     * and with FORBIDDEN if the node's key is not an admin of the tree.
     * </pre>
     */
    public void revokeKey(io.github.causewaysync.v1.RevokeKeyRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RevokeKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRevokeKeyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Names the key of an application, and grants it rights in trees. The caller makes the key and keeps its seed. For a
     * key that has the name already, does what is left to do, and grants more. Checks everything first: fails with
     * ALREADY_EXISTS if another key has the name or the key has another name, UNKNOWN_TREE, FORBIDDEN if the node's key
     * is not an admin of a tree, and LIMIT_EXCEEDED past 1,024 application keys.
     * </pre>
     */
    public void addApp(io.github.causewaysync.v1.AddAppRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.AddAppResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAddAppMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the application keys, ordered by name.
     * </pre>
     */
    public void listApps(io.github.causewaysync.v1.ListAppsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListAppsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListAppsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Revokes an application key in the trees that it is for, as RevokeKey does, and frees its name. Fails with
     * UNKNOWN_PEER. If the node's key is no longer an admin of one of the trees, revokes it in all others, keeps the name
     * and fails with FORBIDDEN.
     * </pre>
     */
    public void revokeApp(io.github.causewaysync.v1.RevokeAppRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RevokeAppResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRevokeAppMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the requests for access that wait for a decision, oldest first.
     * </pre>
     */
    public void listAccessRequests(io.github.causewaysync.v1.ListAccessRequestsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListAccessRequestsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListAccessRequestsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Approves or rejects a request for access. Fails with UNKNOWN_REQUEST and ALREADY_DECIDED; approving also fails
     * with FORBIDDEN if the node's key is not an admin of the tree.
     * </pre>
     */
    public void decideAccess(io.github.causewaysync.v1.DecideAccessRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.DecideAccessResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDecideAccessMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the one-time invitations that are unused and have not expired, and the last ones that were used until then,
     * ordered by when they were made. Their secrets are in the tickets alone.
     * </pre>
     */
    public void listInvitations(io.github.causewaysync.v1.ListInvitationsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListInvitationsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListInvitationsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Revokes an invitation: a ticket with it grants nothing any more. Fails with UNKNOWN_REQUEST if there is no such
     * unused invitation.
     * </pre>
     */
    public void revokeInvitation(io.github.causewaysync.v1.RevokeInvitationRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RevokeInvitationResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRevokeInvitationMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the node's trees, links and storage, once or with every change, at most once a second. It is all that a page
     * shows, in one stream, since browsers open only a few connections to one address.
     * </pre>
     */
    public void watchNode(io.github.causewaysync.v1.WatchNodeRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchNodeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchNodeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the settings with which the node runs, and where each came from. None of them is a secret.
     * </pre>
     */
    public void getSettings(io.github.causewaysync.v1.GetSettingsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetSettingsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetSettingsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns what the node measures, as `/metrics` of the operators' listener does. It is computed at most once a second.
     * </pre>
     */
    public void getMetrics(io.github.causewaysync.v1.GetMetricsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetMetricsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetMetricsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams the log of the node: the latest lines, of which it keeps up to 1,000, and then new ones as they come. No line
     * has a secret.
     * </pre>
     */
    public void watchLog(io.github.causewaysync.v1.WatchLogRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchLogResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchLogMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists how much each author takes in a tree of what it may, the largest first. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public void listAuthorStorage(io.github.causewaysync.v1.ListAuthorStorageRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListAuthorStorageResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListAuthorStorageMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates a link that opens the node's page in a browser, for one use within two minutes. Fails with NOT_STARTED if
     * the node does not serve its page.
     * </pre>
     */
    public void createPageLink(io.github.causewaysync.v1.CreatePageLinkRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.CreatePageLinkResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreatePageLinkMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Ends all sessions of the node's page, and the links that nobody has used.
     * </pre>
     */
    public void endPageSessions(io.github.causewaysync.v1.EndPageSessionsRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.EndPageSessionsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getEndPageSessionsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the trees that peers offer to this node, and that it does not have: their policies name it. Ordered by tree and
     * peer.
     * </pre>
     */
    public void listOffers(io.github.causewaysync.v1.ListOffersRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListOffersResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListOffersMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Accepts offers: adds the peers to the peer book, and links the trees with them. Fails with UNKNOWN_REQUEST if there is
     * no such offer, and with LIMIT_EXCEEDED past the bounds on peers and links.
     * </pre>
     */
    public void acceptOffers(io.github.causewaysync.v1.AcceptOffersRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.AcceptOffersResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAcceptOffersMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Declines offers, and those that these peers make of these trees later, until the two are linked by hand. Fails with
     * UNKNOWN_REQUEST if there is no such offer.
     * </pre>
     */
    public void declineOffers(io.github.causewaysync.v1.DeclineOffersRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.DeclineOffersResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeclineOffersMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Pairs with another machine in the LAN, at which somebody does the same: adds each to the peer book of the other once
     * both people have said that they see the same digits. Streams what happens, and ends with `paired`. Only while it
     * streams, for at most two minutes, does the node answer strangers' calls for pairing; it ends when the caller leaves.
     * Fails with ALREADY_STARTED if it is under way, with UNKNOWN_TREE or FORBIDDEN if the tree cannot be shared, with
     * TIMEOUT if time runs out, with ACCESS_REJECTED if one of the two says no, and with RESOURCE_EXHAUSTED after too many
     * attempts.
     * </pre>
     */
    public void startPairing(io.github.causewaysync.v1.StartPairingRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.StartPairingResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getStartPairingMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Says whether both machines show the same digits. Fails with NOT_STARTED if no digits of this peer are shown.
     * </pre>
     */
    public void answerPairing(io.github.causewaysync.v1.AnswerPairingRequest request,
        io.grpc.stub.StreamObserver<io.github.causewaysync.v1.AnswerPairingResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getAnswerPairingMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service NodeService.
   * <pre>
   * Operates a node. Only the node's own key, its control socket and the operators that it names may call this service:
   * a caller that has proven no key gets UNAUTHENTICATED, any other caller FORBIDDEN. A field of the wrong shape or
   * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
   * </pre>
   */
  public static final class NodeServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<NodeServiceBlockingV2Stub> {
    private NodeServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected NodeServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new NodeServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns who the node is, how to reach it, and its open connections.
     * </pre>
     */
    public io.github.causewaysync.v1.GetNodeResponse getNode(io.github.causewaysync.v1.GetNodeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetNodeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Examines what the node can reach and be reached by, and what threatens it: its ports, relay and addresses, its
     * clock, disk and certificate, its store and its links.
     * </pre>
     */
    public io.github.causewaysync.v1.DiagnoseResponse diagnose(io.github.causewaysync.v1.DiagnoseRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDiagnoseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a ticket for a tree. Fails with UNKNOWN_TREE, and with NOT_STARTED if the node does not listen. An
     * invitation also fails with FORBIDDEN if the node is not an admin of the tree, and with LIMIT_EXCEEDED if 1,024
     * invitations are unused.
     * </pre>
     */
    public io.github.causewaysync.v1.CreateTicketResponse createTicket(io.github.causewaysync.v1.CreateTicketRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateTicketMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Syncs a tree with a remote now, in both directions. Streams the progress, then the result. Fails with the error
     * that ended the session.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.SyncNowResponse>
        syncNow(io.github.causewaysync.v1.SyncNowRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getSyncNowMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads, hashes and verifies every entry of a tree again. Streams the progress, then the result. Fails with
     * UNKNOWN_TREE.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.VerifyTreeResponse>
        verifyTree(io.github.causewaysync.v1.VerifyTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getVerifyTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Repairs a tree, or the store: checks it, keeps the entries that are whole together with all of their ancestors,
     * makes every other record of it anew, and lets the links of the tree fetch the rest from peers. Streams the
     * progress, then the result. A repair goes on if the caller leaves. Fails with UNKNOWN_TREE.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.RepairResponse>
        repair(io.github.causewaysync.v1.RepairRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getRepairMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Writes a backup: a CAR file (version 1) whose raw blocks are entries, with notes beside them. docs/operating.md
     * describes it. Streams its bytes, with the progress; the last message has `done`. All of it is of the moment of the
     * call, and the node goes on meanwhile. Fails with UNKNOWN_TREE.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.BackupResponse>
        backup(io.github.causewaysync.v1.BackupRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getBackupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds a peer to the peer book, or adds addresses and a name to a peer that is in it. Fails with BAD_ADDRESS, with
     * LIMIT_EXCEEDED past 4,096 peers, and with UNREACHABLE if the node must ask the addresses and none answers.
     * </pre>
     */
    public io.github.causewaysync.v1.AddPeerResponse addPeer(io.github.causewaysync.v1.AddPeerRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAddPeerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a peer and its links. Fails with UNKNOWN_PEER.
     * </pre>
     */
    public io.github.causewaysync.v1.RemovePeerResponse removePeer(io.github.causewaysync.v1.RemovePeerRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRemovePeerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Blocks or unblocks a peer. A blocked peer is neither dialled nor served. Fails with UNKNOWN_PEER.
     * </pre>
     */
    public io.github.causewaysync.v1.BlockPeerResponse blockPeer(io.github.causewaysync.v1.BlockPeerRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBlockPeerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the peer book, ordered by PeerId.
     * </pre>
     */
    public io.github.causewaysync.v1.ListPeersResponse listPeers(io.github.causewaysync.v1.ListPeersRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListPeersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Links a tree with a peer: from now on the node keeps both sides in sync, across restarts. For an existing link it
     * changes the settings. Fails with UNKNOWN_PEER, and with LIMIT_EXCEEDED past 16,384 links.
     * </pre>
     */
    public io.github.causewaysync.v1.LinkTreeResponse linkTree(io.github.causewaysync.v1.LinkTreeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getLinkTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a link: the node stops syncing the tree with the peer. Fails with UNKNOWN_PEER if there is no such link.
     * </pre>
     */
    public io.github.causewaysync.v1.UnlinkTreeResponse unlinkTree(io.github.causewaysync.v1.UnlinkTreeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUnlinkTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the status of every link, once or with every change.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.WatchStatusResponse>
        watchStatus(io.github.causewaysync.v1.WatchStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tries to deliver all undelivered entries now. Returns once everything is delivered, the remaining links are no
     * longer tried automatically, or the time is over. In a tree with many members, two neighbours are enough.
     * </pre>
     */
    public io.github.causewaysync.v1.FlushResponse flush(io.github.causewaysync.v1.FlushRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getFlushMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Joins a tree by a ticket: links the tree and asks the ticket's issuer for access. The tree syncs as soon as
     * access is granted, across restarts. Streams the state of the request. Fails with LIMIT_EXCEEDED if 1,024 requests
     * are open.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.JoinTreeResponse>
        joinTree(io.github.causewaysync.v1.JoinTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getJoinTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns who may do what in a tree. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public io.github.causewaysync.v1.GetPolicyResponse getPolicy(io.github.causewaysync.v1.GetPolicyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetPolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Grants rights to keys, and sets what everybody may do. Fails with UNKNOWN_TREE, and with FORBIDDEN if the node's
     * key is not an admin of the tree.
     * </pre>
     */
    public io.github.causewaysync.v1.ChangePolicyResponse changePolicy(io.github.causewaysync.v1.ChangePolicyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getChangePolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Revokes a key's access. Entries that it wrote before stay valid; later ones are void. Fails with UNKNOWN_TREE,
     * and with FORBIDDEN if the node's key is not an admin of the tree.
     * </pre>
     */
    public io.github.causewaysync.v1.RevokeKeyResponse revokeKey(io.github.causewaysync.v1.RevokeKeyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRevokeKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Names the key of an application, and grants it rights in trees. The caller makes the key and keeps its seed. For a
     * key that has the name already, does what is left to do, and grants more. Checks everything first: fails with
     * ALREADY_EXISTS if another key has the name or the key has another name, UNKNOWN_TREE, FORBIDDEN if the node's key
     * is not an admin of a tree, and LIMIT_EXCEEDED past 1,024 application keys.
     * </pre>
     */
    public io.github.causewaysync.v1.AddAppResponse addApp(io.github.causewaysync.v1.AddAppRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAddAppMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the application keys, ordered by name.
     * </pre>
     */
    public io.github.causewaysync.v1.ListAppsResponse listApps(io.github.causewaysync.v1.ListAppsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListAppsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Revokes an application key in the trees that it is for, as RevokeKey does, and frees its name. Fails with
     * UNKNOWN_PEER. If the node's key is no longer an admin of one of the trees, revokes it in all others, keeps the name
     * and fails with FORBIDDEN.
     * </pre>
     */
    public io.github.causewaysync.v1.RevokeAppResponse revokeApp(io.github.causewaysync.v1.RevokeAppRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRevokeAppMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the requests for access that wait for a decision, oldest first.
     * </pre>
     */
    public io.github.causewaysync.v1.ListAccessRequestsResponse listAccessRequests(io.github.causewaysync.v1.ListAccessRequestsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListAccessRequestsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Approves or rejects a request for access. Fails with UNKNOWN_REQUEST and ALREADY_DECIDED; approving also fails
     * with FORBIDDEN if the node's key is not an admin of the tree.
     * </pre>
     */
    public io.github.causewaysync.v1.DecideAccessResponse decideAccess(io.github.causewaysync.v1.DecideAccessRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDecideAccessMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the one-time invitations that are unused and have not expired, and the last ones that were used until then,
     * ordered by when they were made. Their secrets are in the tickets alone.
     * </pre>
     */
    public io.github.causewaysync.v1.ListInvitationsResponse listInvitations(io.github.causewaysync.v1.ListInvitationsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListInvitationsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Revokes an invitation: a ticket with it grants nothing any more. Fails with UNKNOWN_REQUEST if there is no such
     * unused invitation.
     * </pre>
     */
    public io.github.causewaysync.v1.RevokeInvitationResponse revokeInvitation(io.github.causewaysync.v1.RevokeInvitationRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRevokeInvitationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the node's trees, links and storage, once or with every change, at most once a second. It is all that a page
     * shows, in one stream, since browsers open only a few connections to one address.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.WatchNodeResponse>
        watchNode(io.github.causewaysync.v1.WatchNodeRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchNodeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the settings with which the node runs, and where each came from. None of them is a secret.
     * </pre>
     */
    public io.github.causewaysync.v1.GetSettingsResponse getSettings(io.github.causewaysync.v1.GetSettingsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetSettingsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns what the node measures, as `/metrics` of the operators' listener does. It is computed at most once a second.
     * </pre>
     */
    public io.github.causewaysync.v1.GetMetricsResponse getMetrics(io.github.causewaysync.v1.GetMetricsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetMetricsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the log of the node: the latest lines, of which it keeps up to 1,000, and then new ones as they come. No line
     * has a secret.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.WatchLogResponse>
        watchLog(io.github.causewaysync.v1.WatchLogRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchLogMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists how much each author takes in a tree of what it may, the largest first. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public io.github.causewaysync.v1.ListAuthorStorageResponse listAuthorStorage(io.github.causewaysync.v1.ListAuthorStorageRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListAuthorStorageMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a link that opens the node's page in a browser, for one use within two minutes. Fails with NOT_STARTED if
     * the node does not serve its page.
     * </pre>
     */
    public io.github.causewaysync.v1.CreatePageLinkResponse createPageLink(io.github.causewaysync.v1.CreatePageLinkRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreatePageLinkMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends all sessions of the node's page, and the links that nobody has used.
     * </pre>
     */
    public io.github.causewaysync.v1.EndPageSessionsResponse endPageSessions(io.github.causewaysync.v1.EndPageSessionsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getEndPageSessionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the trees that peers offer to this node, and that it does not have: their policies name it. Ordered by tree and
     * peer.
     * </pre>
     */
    public io.github.causewaysync.v1.ListOffersResponse listOffers(io.github.causewaysync.v1.ListOffersRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListOffersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Accepts offers: adds the peers to the peer book, and links the trees with them. Fails with UNKNOWN_REQUEST if there is
     * no such offer, and with LIMIT_EXCEEDED past the bounds on peers and links.
     * </pre>
     */
    public io.github.causewaysync.v1.AcceptOffersResponse acceptOffers(io.github.causewaysync.v1.AcceptOffersRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAcceptOffersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Declines offers, and those that these peers make of these trees later, until the two are linked by hand. Fails with
     * UNKNOWN_REQUEST if there is no such offer.
     * </pre>
     */
    public io.github.causewaysync.v1.DeclineOffersResponse declineOffers(io.github.causewaysync.v1.DeclineOffersRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeclineOffersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Pairs with another machine in the LAN, at which somebody does the same: adds each to the peer book of the other once
     * both people have said that they see the same digits. Streams what happens, and ends with `paired`. Only while it
     * streams, for at most two minutes, does the node answer strangers' calls for pairing; it ends when the caller leaves.
     * Fails with ALREADY_STARTED if it is under way, with UNKNOWN_TREE or FORBIDDEN if the tree cannot be shared, with
     * TIMEOUT if time runs out, with ACCESS_REJECTED if one of the two says no, and with RESOURCE_EXHAUSTED after too many
     * attempts.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.github.causewaysync.v1.StartPairingResponse>
        startPairing(io.github.causewaysync.v1.StartPairingRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getStartPairingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Says whether both machines show the same digits. Fails with NOT_STARTED if no digits of this peer are shown.
     * </pre>
     */
    public io.github.causewaysync.v1.AnswerPairingResponse answerPairing(io.github.causewaysync.v1.AnswerPairingRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getAnswerPairingMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service NodeService.
   * <pre>
   * Operates a node. Only the node's own key, its control socket and the operators that it names may call this service:
   * a caller that has proven no key gets UNAUTHENTICATED, any other caller FORBIDDEN. A field of the wrong shape or
   * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
   * </pre>
   */
  public static final class NodeServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<NodeServiceBlockingStub> {
    private NodeServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected NodeServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new NodeServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns who the node is, how to reach it, and its open connections.
     * </pre>
     */
    public io.github.causewaysync.v1.GetNodeResponse getNode(io.github.causewaysync.v1.GetNodeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetNodeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Examines what the node can reach and be reached by, and what threatens it: its ports, relay and addresses, its
     * clock, disk and certificate, its store and its links.
     * </pre>
     */
    public io.github.causewaysync.v1.DiagnoseResponse diagnose(io.github.causewaysync.v1.DiagnoseRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDiagnoseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a ticket for a tree. Fails with UNKNOWN_TREE, and with NOT_STARTED if the node does not listen. An
     * invitation also fails with FORBIDDEN if the node is not an admin of the tree, and with LIMIT_EXCEEDED if 1,024
     * invitations are unused.
     * </pre>
     */
    public io.github.causewaysync.v1.CreateTicketResponse createTicket(io.github.causewaysync.v1.CreateTicketRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateTicketMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Syncs a tree with a remote now, in both directions. Streams the progress, then the result. Fails with the error
     * that ended the session.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.SyncNowResponse> syncNow(
        io.github.causewaysync.v1.SyncNowRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getSyncNowMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads, hashes and verifies every entry of a tree again. Streams the progress, then the result. Fails with
     * UNKNOWN_TREE.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.VerifyTreeResponse> verifyTree(
        io.github.causewaysync.v1.VerifyTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getVerifyTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Repairs a tree, or the store: checks it, keeps the entries that are whole together with all of their ancestors,
     * makes every other record of it anew, and lets the links of the tree fetch the rest from peers. Streams the
     * progress, then the result. A repair goes on if the caller leaves. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.RepairResponse> repair(
        io.github.causewaysync.v1.RepairRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getRepairMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Writes a backup: a CAR file (version 1) whose raw blocks are entries, with notes beside them. docs/operating.md
     * describes it. Streams its bytes, with the progress; the last message has `done`. All of it is of the moment of the
     * call, and the node goes on meanwhile. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.BackupResponse> backup(
        io.github.causewaysync.v1.BackupRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getBackupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Adds a peer to the peer book, or adds addresses and a name to a peer that is in it. Fails with BAD_ADDRESS, with
     * LIMIT_EXCEEDED past 4,096 peers, and with UNREACHABLE if the node must ask the addresses and none answers.
     * </pre>
     */
    public io.github.causewaysync.v1.AddPeerResponse addPeer(io.github.causewaysync.v1.AddPeerRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAddPeerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a peer and its links. Fails with UNKNOWN_PEER.
     * </pre>
     */
    public io.github.causewaysync.v1.RemovePeerResponse removePeer(io.github.causewaysync.v1.RemovePeerRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRemovePeerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Blocks or unblocks a peer. A blocked peer is neither dialled nor served. Fails with UNKNOWN_PEER.
     * </pre>
     */
    public io.github.causewaysync.v1.BlockPeerResponse blockPeer(io.github.causewaysync.v1.BlockPeerRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBlockPeerMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the peer book, ordered by PeerId.
     * </pre>
     */
    public io.github.causewaysync.v1.ListPeersResponse listPeers(io.github.causewaysync.v1.ListPeersRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListPeersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Links a tree with a peer: from now on the node keeps both sides in sync, across restarts. For an existing link it
     * changes the settings. Fails with UNKNOWN_PEER, and with LIMIT_EXCEEDED past 16,384 links.
     * </pre>
     */
    public io.github.causewaysync.v1.LinkTreeResponse linkTree(io.github.causewaysync.v1.LinkTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getLinkTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a link: the node stops syncing the tree with the peer. Fails with UNKNOWN_PEER if there is no such link.
     * </pre>
     */
    public io.github.causewaysync.v1.UnlinkTreeResponse unlinkTree(io.github.causewaysync.v1.UnlinkTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUnlinkTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the status of every link, once or with every change.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.WatchStatusResponse> watchStatus(
        io.github.causewaysync.v1.WatchStatusRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchStatusMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tries to deliver all undelivered entries now. Returns once everything is delivered, the remaining links are no
     * longer tried automatically, or the time is over. In a tree with many members, two neighbours are enough.
     * </pre>
     */
    public io.github.causewaysync.v1.FlushResponse flush(io.github.causewaysync.v1.FlushRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getFlushMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Joins a tree by a ticket: links the tree and asks the ticket's issuer for access. The tree syncs as soon as
     * access is granted, across restarts. Streams the state of the request. Fails with LIMIT_EXCEEDED if 1,024 requests
     * are open.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.JoinTreeResponse> joinTree(
        io.github.causewaysync.v1.JoinTreeRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getJoinTreeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns who may do what in a tree. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public io.github.causewaysync.v1.GetPolicyResponse getPolicy(io.github.causewaysync.v1.GetPolicyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetPolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Grants rights to keys, and sets what everybody may do. Fails with UNKNOWN_TREE, and with FORBIDDEN if the node's
     * key is not an admin of the tree.
     * </pre>
     */
    public io.github.causewaysync.v1.ChangePolicyResponse changePolicy(io.github.causewaysync.v1.ChangePolicyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getChangePolicyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Revokes a key's access. Entries that it wrote before stay valid; later ones are void. Fails with UNKNOWN_TREE,
     * and with FORBIDDEN if the node's key is not an admin of the tree.
     * </pre>
     */
    public io.github.causewaysync.v1.RevokeKeyResponse revokeKey(io.github.causewaysync.v1.RevokeKeyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRevokeKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Names the key of an application, and grants it rights in trees. The caller makes the key and keeps its seed. For a
     * key that has the name already, does what is left to do, and grants more. Checks everything first: fails with
     * ALREADY_EXISTS if another key has the name or the key has another name, UNKNOWN_TREE, FORBIDDEN if the node's key
     * is not an admin of a tree, and LIMIT_EXCEEDED past 1,024 application keys.
     * </pre>
     */
    public io.github.causewaysync.v1.AddAppResponse addApp(io.github.causewaysync.v1.AddAppRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAddAppMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the application keys, ordered by name.
     * </pre>
     */
    public io.github.causewaysync.v1.ListAppsResponse listApps(io.github.causewaysync.v1.ListAppsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListAppsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Revokes an application key in the trees that it is for, as RevokeKey does, and frees its name. Fails with
     * UNKNOWN_PEER. If the node's key is no longer an admin of one of the trees, revokes it in all others, keeps the name
     * and fails with FORBIDDEN.
     * </pre>
     */
    public io.github.causewaysync.v1.RevokeAppResponse revokeApp(io.github.causewaysync.v1.RevokeAppRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRevokeAppMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the requests for access that wait for a decision, oldest first.
     * </pre>
     */
    public io.github.causewaysync.v1.ListAccessRequestsResponse listAccessRequests(io.github.causewaysync.v1.ListAccessRequestsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListAccessRequestsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Approves or rejects a request for access. Fails with UNKNOWN_REQUEST and ALREADY_DECIDED; approving also fails
     * with FORBIDDEN if the node's key is not an admin of the tree.
     * </pre>
     */
    public io.github.causewaysync.v1.DecideAccessResponse decideAccess(io.github.causewaysync.v1.DecideAccessRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDecideAccessMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the one-time invitations that are unused and have not expired, and the last ones that were used until then,
     * ordered by when they were made. Their secrets are in the tickets alone.
     * </pre>
     */
    public io.github.causewaysync.v1.ListInvitationsResponse listInvitations(io.github.causewaysync.v1.ListInvitationsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListInvitationsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Revokes an invitation: a ticket with it grants nothing any more. Fails with UNKNOWN_REQUEST if there is no such
     * unused invitation.
     * </pre>
     */
    public io.github.causewaysync.v1.RevokeInvitationResponse revokeInvitation(io.github.causewaysync.v1.RevokeInvitationRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRevokeInvitationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the node's trees, links and storage, once or with every change, at most once a second. It is all that a page
     * shows, in one stream, since browsers open only a few connections to one address.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.WatchNodeResponse> watchNode(
        io.github.causewaysync.v1.WatchNodeRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchNodeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the settings with which the node runs, and where each came from. None of them is a secret.
     * </pre>
     */
    public io.github.causewaysync.v1.GetSettingsResponse getSettings(io.github.causewaysync.v1.GetSettingsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetSettingsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns what the node measures, as `/metrics` of the operators' listener does. It is computed at most once a second.
     * </pre>
     */
    public io.github.causewaysync.v1.GetMetricsResponse getMetrics(io.github.causewaysync.v1.GetMetricsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetMetricsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams the log of the node: the latest lines, of which it keeps up to 1,000, and then new ones as they come. No line
     * has a secret.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.WatchLogResponse> watchLog(
        io.github.causewaysync.v1.WatchLogRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchLogMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists how much each author takes in a tree of what it may, the largest first. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public io.github.causewaysync.v1.ListAuthorStorageResponse listAuthorStorage(io.github.causewaysync.v1.ListAuthorStorageRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListAuthorStorageMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a link that opens the node's page in a browser, for one use within two minutes. Fails with NOT_STARTED if
     * the node does not serve its page.
     * </pre>
     */
    public io.github.causewaysync.v1.CreatePageLinkResponse createPageLink(io.github.causewaysync.v1.CreatePageLinkRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreatePageLinkMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Ends all sessions of the node's page, and the links that nobody has used.
     * </pre>
     */
    public io.github.causewaysync.v1.EndPageSessionsResponse endPageSessions(io.github.causewaysync.v1.EndPageSessionsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getEndPageSessionsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the trees that peers offer to this node, and that it does not have: their policies name it. Ordered by tree and
     * peer.
     * </pre>
     */
    public io.github.causewaysync.v1.ListOffersResponse listOffers(io.github.causewaysync.v1.ListOffersRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListOffersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Accepts offers: adds the peers to the peer book, and links the trees with them. Fails with UNKNOWN_REQUEST if there is
     * no such offer, and with LIMIT_EXCEEDED past the bounds on peers and links.
     * </pre>
     */
    public io.github.causewaysync.v1.AcceptOffersResponse acceptOffers(io.github.causewaysync.v1.AcceptOffersRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAcceptOffersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Declines offers, and those that these peers make of these trees later, until the two are linked by hand. Fails with
     * UNKNOWN_REQUEST if there is no such offer.
     * </pre>
     */
    public io.github.causewaysync.v1.DeclineOffersResponse declineOffers(io.github.causewaysync.v1.DeclineOffersRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeclineOffersMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Pairs with another machine in the LAN, at which somebody does the same: adds each to the peer book of the other once
     * both people have said that they see the same digits. Streams what happens, and ends with `paired`. Only while it
     * streams, for at most two minutes, does the node answer strangers' calls for pairing; it ends when the caller leaves.
     * Fails with ALREADY_STARTED if it is under way, with UNKNOWN_TREE or FORBIDDEN if the tree cannot be shared, with
     * TIMEOUT if time runs out, with ACCESS_REJECTED if one of the two says no, and with RESOURCE_EXHAUSTED after too many
     * attempts.
     * </pre>
     */
    public java.util.Iterator<io.github.causewaysync.v1.StartPairingResponse> startPairing(
        io.github.causewaysync.v1.StartPairingRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getStartPairingMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Says whether both machines show the same digits. Fails with NOT_STARTED if no digits of this peer are shown.
     * </pre>
     */
    public io.github.causewaysync.v1.AnswerPairingResponse answerPairing(io.github.causewaysync.v1.AnswerPairingRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getAnswerPairingMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service NodeService.
   * <pre>
   * Operates a node. Only the node's own key, its control socket and the operators that it names may call this service:
   * a caller that has proven no key gets UNAUTHENTICATED, any other caller FORBIDDEN. A field of the wrong shape or
   * past its bound fails the call with INVALID_ARGUMENT or LIMIT_EXCEEDED.
   * </pre>
   */
  public static final class NodeServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<NodeServiceFutureStub> {
    private NodeServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected NodeServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new NodeServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Returns who the node is, how to reach it, and its open connections.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.GetNodeResponse> getNode(
        io.github.causewaysync.v1.GetNodeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetNodeMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Examines what the node can reach and be reached by, and what threatens it: its ports, relay and addresses, its
     * clock, disk and certificate, its store and its links.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.DiagnoseResponse> diagnose(
        io.github.causewaysync.v1.DiagnoseRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDiagnoseMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates a ticket for a tree. Fails with UNKNOWN_TREE, and with NOT_STARTED if the node does not listen. An
     * invitation also fails with FORBIDDEN if the node is not an admin of the tree, and with LIMIT_EXCEEDED if 1,024
     * invitations are unused.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.CreateTicketResponse> createTicket(
        io.github.causewaysync.v1.CreateTicketRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateTicketMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Adds a peer to the peer book, or adds addresses and a name to a peer that is in it. Fails with BAD_ADDRESS, with
     * LIMIT_EXCEEDED past 4,096 peers, and with UNREACHABLE if the node must ask the addresses and none answers.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.AddPeerResponse> addPeer(
        io.github.causewaysync.v1.AddPeerRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAddPeerMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes a peer and its links. Fails with UNKNOWN_PEER.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.RemovePeerResponse> removePeer(
        io.github.causewaysync.v1.RemovePeerRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRemovePeerMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Blocks or unblocks a peer. A blocked peer is neither dialled nor served. Fails with UNKNOWN_PEER.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.BlockPeerResponse> blockPeer(
        io.github.causewaysync.v1.BlockPeerRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBlockPeerMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the peer book, ordered by PeerId.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ListPeersResponse> listPeers(
        io.github.causewaysync.v1.ListPeersRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListPeersMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Links a tree with a peer: from now on the node keeps both sides in sync, across restarts. For an existing link it
     * changes the settings. Fails with UNKNOWN_PEER, and with LIMIT_EXCEEDED past 16,384 links.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.LinkTreeResponse> linkTree(
        io.github.causewaysync.v1.LinkTreeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getLinkTreeMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes a link: the node stops syncing the tree with the peer. Fails with UNKNOWN_PEER if there is no such link.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.UnlinkTreeResponse> unlinkTree(
        io.github.causewaysync.v1.UnlinkTreeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUnlinkTreeMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Tries to deliver all undelivered entries now. Returns once everything is delivered, the remaining links are no
     * longer tried automatically, or the time is over. In a tree with many members, two neighbours are enough.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.FlushResponse> flush(
        io.github.causewaysync.v1.FlushRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getFlushMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns who may do what in a tree. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.GetPolicyResponse> getPolicy(
        io.github.causewaysync.v1.GetPolicyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetPolicyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Grants rights to keys, and sets what everybody may do. Fails with UNKNOWN_TREE, and with FORBIDDEN if the node's
     * key is not an admin of the tree.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ChangePolicyResponse> changePolicy(
        io.github.causewaysync.v1.ChangePolicyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getChangePolicyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Revokes a key's access. Entries that it wrote before stay valid; later ones are void. Fails with UNKNOWN_TREE,
     * and with FORBIDDEN if the node's key is not an admin of the tree.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.RevokeKeyResponse> revokeKey(
        io.github.causewaysync.v1.RevokeKeyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRevokeKeyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Names the key of an application, and grants it rights in trees. The caller makes the key and keeps its seed. For a
     * key that has the name already, does what is left to do, and grants more. Checks everything first: fails with
     * ALREADY_EXISTS if another key has the name or the key has another name, UNKNOWN_TREE, FORBIDDEN if the node's key
     * is not an admin of a tree, and LIMIT_EXCEEDED past 1,024 application keys.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.AddAppResponse> addApp(
        io.github.causewaysync.v1.AddAppRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAddAppMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the application keys, ordered by name.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ListAppsResponse> listApps(
        io.github.causewaysync.v1.ListAppsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListAppsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Revokes an application key in the trees that it is for, as RevokeKey does, and frees its name. Fails with
     * UNKNOWN_PEER. If the node's key is no longer an admin of one of the trees, revokes it in all others, keeps the name
     * and fails with FORBIDDEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.RevokeAppResponse> revokeApp(
        io.github.causewaysync.v1.RevokeAppRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRevokeAppMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the requests for access that wait for a decision, oldest first.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ListAccessRequestsResponse> listAccessRequests(
        io.github.causewaysync.v1.ListAccessRequestsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListAccessRequestsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Approves or rejects a request for access. Fails with UNKNOWN_REQUEST and ALREADY_DECIDED; approving also fails
     * with FORBIDDEN if the node's key is not an admin of the tree.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.DecideAccessResponse> decideAccess(
        io.github.causewaysync.v1.DecideAccessRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDecideAccessMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the one-time invitations that are unused and have not expired, and the last ones that were used until then,
     * ordered by when they were made. Their secrets are in the tickets alone.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ListInvitationsResponse> listInvitations(
        io.github.causewaysync.v1.ListInvitationsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListInvitationsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Revokes an invitation: a ticket with it grants nothing any more. Fails with UNKNOWN_REQUEST if there is no such
     * unused invitation.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.RevokeInvitationResponse> revokeInvitation(
        io.github.causewaysync.v1.RevokeInvitationRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRevokeInvitationMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the settings with which the node runs, and where each came from. None of them is a secret.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.GetSettingsResponse> getSettings(
        io.github.causewaysync.v1.GetSettingsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetSettingsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns what the node measures, as `/metrics` of the operators' listener does. It is computed at most once a second.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.GetMetricsResponse> getMetrics(
        io.github.causewaysync.v1.GetMetricsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetMetricsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists how much each author takes in a tree of what it may, the largest first. Fails with UNKNOWN_TREE.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ListAuthorStorageResponse> listAuthorStorage(
        io.github.causewaysync.v1.ListAuthorStorageRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListAuthorStorageMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates a link that opens the node's page in a browser, for one use within two minutes. Fails with NOT_STARTED if
     * the node does not serve its page.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.CreatePageLinkResponse> createPageLink(
        io.github.causewaysync.v1.CreatePageLinkRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreatePageLinkMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Ends all sessions of the node's page, and the links that nobody has used.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.EndPageSessionsResponse> endPageSessions(
        io.github.causewaysync.v1.EndPageSessionsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getEndPageSessionsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the trees that peers offer to this node, and that it does not have: their policies name it. Ordered by tree and
     * peer.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.ListOffersResponse> listOffers(
        io.github.causewaysync.v1.ListOffersRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListOffersMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Accepts offers: adds the peers to the peer book, and links the trees with them. Fails with UNKNOWN_REQUEST if there is
     * no such offer, and with LIMIT_EXCEEDED past the bounds on peers and links.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.AcceptOffersResponse> acceptOffers(
        io.github.causewaysync.v1.AcceptOffersRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAcceptOffersMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Declines offers, and those that these peers make of these trees later, until the two are linked by hand. Fails with
     * UNKNOWN_REQUEST if there is no such offer.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.DeclineOffersResponse> declineOffers(
        io.github.causewaysync.v1.DeclineOffersRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeclineOffersMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Says whether both machines show the same digits. Fails with NOT_STARTED if no digits of this peer are shown.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.github.causewaysync.v1.AnswerPairingResponse> answerPairing(
        io.github.causewaysync.v1.AnswerPairingRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getAnswerPairingMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_NODE = 0;
  private static final int METHODID_DIAGNOSE = 1;
  private static final int METHODID_CREATE_TICKET = 2;
  private static final int METHODID_SYNC_NOW = 3;
  private static final int METHODID_VERIFY_TREE = 4;
  private static final int METHODID_REPAIR = 5;
  private static final int METHODID_BACKUP = 6;
  private static final int METHODID_ADD_PEER = 7;
  private static final int METHODID_REMOVE_PEER = 8;
  private static final int METHODID_BLOCK_PEER = 9;
  private static final int METHODID_LIST_PEERS = 10;
  private static final int METHODID_LINK_TREE = 11;
  private static final int METHODID_UNLINK_TREE = 12;
  private static final int METHODID_WATCH_STATUS = 13;
  private static final int METHODID_FLUSH = 14;
  private static final int METHODID_JOIN_TREE = 15;
  private static final int METHODID_GET_POLICY = 16;
  private static final int METHODID_CHANGE_POLICY = 17;
  private static final int METHODID_REVOKE_KEY = 18;
  private static final int METHODID_ADD_APP = 19;
  private static final int METHODID_LIST_APPS = 20;
  private static final int METHODID_REVOKE_APP = 21;
  private static final int METHODID_LIST_ACCESS_REQUESTS = 22;
  private static final int METHODID_DECIDE_ACCESS = 23;
  private static final int METHODID_LIST_INVITATIONS = 24;
  private static final int METHODID_REVOKE_INVITATION = 25;
  private static final int METHODID_WATCH_NODE = 26;
  private static final int METHODID_GET_SETTINGS = 27;
  private static final int METHODID_GET_METRICS = 28;
  private static final int METHODID_WATCH_LOG = 29;
  private static final int METHODID_LIST_AUTHOR_STORAGE = 30;
  private static final int METHODID_CREATE_PAGE_LINK = 31;
  private static final int METHODID_END_PAGE_SESSIONS = 32;
  private static final int METHODID_LIST_OFFERS = 33;
  private static final int METHODID_ACCEPT_OFFERS = 34;
  private static final int METHODID_DECLINE_OFFERS = 35;
  private static final int METHODID_START_PAIRING = 36;
  private static final int METHODID_ANSWER_PAIRING = 37;

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
        case METHODID_GET_NODE:
          serviceImpl.getNode((io.github.causewaysync.v1.GetNodeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetNodeResponse>) responseObserver);
          break;
        case METHODID_DIAGNOSE:
          serviceImpl.diagnose((io.github.causewaysync.v1.DiagnoseRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.DiagnoseResponse>) responseObserver);
          break;
        case METHODID_CREATE_TICKET:
          serviceImpl.createTicket((io.github.causewaysync.v1.CreateTicketRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.CreateTicketResponse>) responseObserver);
          break;
        case METHODID_SYNC_NOW:
          serviceImpl.syncNow((io.github.causewaysync.v1.SyncNowRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.SyncNowResponse>) responseObserver);
          break;
        case METHODID_VERIFY_TREE:
          serviceImpl.verifyTree((io.github.causewaysync.v1.VerifyTreeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.VerifyTreeResponse>) responseObserver);
          break;
        case METHODID_REPAIR:
          serviceImpl.repair((io.github.causewaysync.v1.RepairRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RepairResponse>) responseObserver);
          break;
        case METHODID_BACKUP:
          serviceImpl.backup((io.github.causewaysync.v1.BackupRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.BackupResponse>) responseObserver);
          break;
        case METHODID_ADD_PEER:
          serviceImpl.addPeer((io.github.causewaysync.v1.AddPeerRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.AddPeerResponse>) responseObserver);
          break;
        case METHODID_REMOVE_PEER:
          serviceImpl.removePeer((io.github.causewaysync.v1.RemovePeerRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RemovePeerResponse>) responseObserver);
          break;
        case METHODID_BLOCK_PEER:
          serviceImpl.blockPeer((io.github.causewaysync.v1.BlockPeerRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.BlockPeerResponse>) responseObserver);
          break;
        case METHODID_LIST_PEERS:
          serviceImpl.listPeers((io.github.causewaysync.v1.ListPeersRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListPeersResponse>) responseObserver);
          break;
        case METHODID_LINK_TREE:
          serviceImpl.linkTree((io.github.causewaysync.v1.LinkTreeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.LinkTreeResponse>) responseObserver);
          break;
        case METHODID_UNLINK_TREE:
          serviceImpl.unlinkTree((io.github.causewaysync.v1.UnlinkTreeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.UnlinkTreeResponse>) responseObserver);
          break;
        case METHODID_WATCH_STATUS:
          serviceImpl.watchStatus((io.github.causewaysync.v1.WatchStatusRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchStatusResponse>) responseObserver);
          break;
        case METHODID_FLUSH:
          serviceImpl.flush((io.github.causewaysync.v1.FlushRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.FlushResponse>) responseObserver);
          break;
        case METHODID_JOIN_TREE:
          serviceImpl.joinTree((io.github.causewaysync.v1.JoinTreeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.JoinTreeResponse>) responseObserver);
          break;
        case METHODID_GET_POLICY:
          serviceImpl.getPolicy((io.github.causewaysync.v1.GetPolicyRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetPolicyResponse>) responseObserver);
          break;
        case METHODID_CHANGE_POLICY:
          serviceImpl.changePolicy((io.github.causewaysync.v1.ChangePolicyRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ChangePolicyResponse>) responseObserver);
          break;
        case METHODID_REVOKE_KEY:
          serviceImpl.revokeKey((io.github.causewaysync.v1.RevokeKeyRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RevokeKeyResponse>) responseObserver);
          break;
        case METHODID_ADD_APP:
          serviceImpl.addApp((io.github.causewaysync.v1.AddAppRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.AddAppResponse>) responseObserver);
          break;
        case METHODID_LIST_APPS:
          serviceImpl.listApps((io.github.causewaysync.v1.ListAppsRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListAppsResponse>) responseObserver);
          break;
        case METHODID_REVOKE_APP:
          serviceImpl.revokeApp((io.github.causewaysync.v1.RevokeAppRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RevokeAppResponse>) responseObserver);
          break;
        case METHODID_LIST_ACCESS_REQUESTS:
          serviceImpl.listAccessRequests((io.github.causewaysync.v1.ListAccessRequestsRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListAccessRequestsResponse>) responseObserver);
          break;
        case METHODID_DECIDE_ACCESS:
          serviceImpl.decideAccess((io.github.causewaysync.v1.DecideAccessRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.DecideAccessResponse>) responseObserver);
          break;
        case METHODID_LIST_INVITATIONS:
          serviceImpl.listInvitations((io.github.causewaysync.v1.ListInvitationsRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListInvitationsResponse>) responseObserver);
          break;
        case METHODID_REVOKE_INVITATION:
          serviceImpl.revokeInvitation((io.github.causewaysync.v1.RevokeInvitationRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.RevokeInvitationResponse>) responseObserver);
          break;
        case METHODID_WATCH_NODE:
          serviceImpl.watchNode((io.github.causewaysync.v1.WatchNodeRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchNodeResponse>) responseObserver);
          break;
        case METHODID_GET_SETTINGS:
          serviceImpl.getSettings((io.github.causewaysync.v1.GetSettingsRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetSettingsResponse>) responseObserver);
          break;
        case METHODID_GET_METRICS:
          serviceImpl.getMetrics((io.github.causewaysync.v1.GetMetricsRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.GetMetricsResponse>) responseObserver);
          break;
        case METHODID_WATCH_LOG:
          serviceImpl.watchLog((io.github.causewaysync.v1.WatchLogRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.WatchLogResponse>) responseObserver);
          break;
        case METHODID_LIST_AUTHOR_STORAGE:
          serviceImpl.listAuthorStorage((io.github.causewaysync.v1.ListAuthorStorageRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListAuthorStorageResponse>) responseObserver);
          break;
        case METHODID_CREATE_PAGE_LINK:
          serviceImpl.createPageLink((io.github.causewaysync.v1.CreatePageLinkRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.CreatePageLinkResponse>) responseObserver);
          break;
        case METHODID_END_PAGE_SESSIONS:
          serviceImpl.endPageSessions((io.github.causewaysync.v1.EndPageSessionsRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.EndPageSessionsResponse>) responseObserver);
          break;
        case METHODID_LIST_OFFERS:
          serviceImpl.listOffers((io.github.causewaysync.v1.ListOffersRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.ListOffersResponse>) responseObserver);
          break;
        case METHODID_ACCEPT_OFFERS:
          serviceImpl.acceptOffers((io.github.causewaysync.v1.AcceptOffersRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.AcceptOffersResponse>) responseObserver);
          break;
        case METHODID_DECLINE_OFFERS:
          serviceImpl.declineOffers((io.github.causewaysync.v1.DeclineOffersRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.DeclineOffersResponse>) responseObserver);
          break;
        case METHODID_START_PAIRING:
          serviceImpl.startPairing((io.github.causewaysync.v1.StartPairingRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.StartPairingResponse>) responseObserver);
          break;
        case METHODID_ANSWER_PAIRING:
          serviceImpl.answerPairing((io.github.causewaysync.v1.AnswerPairingRequest) request,
              (io.grpc.stub.StreamObserver<io.github.causewaysync.v1.AnswerPairingResponse>) responseObserver);
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
          getGetNodeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.GetNodeRequest,
              io.github.causewaysync.v1.GetNodeResponse>(
                service, METHODID_GET_NODE)))
        .addMethod(
          getDiagnoseMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.DiagnoseRequest,
              io.github.causewaysync.v1.DiagnoseResponse>(
                service, METHODID_DIAGNOSE)))
        .addMethod(
          getCreateTicketMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.CreateTicketRequest,
              io.github.causewaysync.v1.CreateTicketResponse>(
                service, METHODID_CREATE_TICKET)))
        .addMethod(
          getSyncNowMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.SyncNowRequest,
              io.github.causewaysync.v1.SyncNowResponse>(
                service, METHODID_SYNC_NOW)))
        .addMethod(
          getVerifyTreeMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.VerifyTreeRequest,
              io.github.causewaysync.v1.VerifyTreeResponse>(
                service, METHODID_VERIFY_TREE)))
        .addMethod(
          getRepairMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.RepairRequest,
              io.github.causewaysync.v1.RepairResponse>(
                service, METHODID_REPAIR)))
        .addMethod(
          getBackupMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.BackupRequest,
              io.github.causewaysync.v1.BackupResponse>(
                service, METHODID_BACKUP)))
        .addMethod(
          getAddPeerMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.AddPeerRequest,
              io.github.causewaysync.v1.AddPeerResponse>(
                service, METHODID_ADD_PEER)))
        .addMethod(
          getRemovePeerMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.RemovePeerRequest,
              io.github.causewaysync.v1.RemovePeerResponse>(
                service, METHODID_REMOVE_PEER)))
        .addMethod(
          getBlockPeerMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.BlockPeerRequest,
              io.github.causewaysync.v1.BlockPeerResponse>(
                service, METHODID_BLOCK_PEER)))
        .addMethod(
          getListPeersMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ListPeersRequest,
              io.github.causewaysync.v1.ListPeersResponse>(
                service, METHODID_LIST_PEERS)))
        .addMethod(
          getLinkTreeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.LinkTreeRequest,
              io.github.causewaysync.v1.LinkTreeResponse>(
                service, METHODID_LINK_TREE)))
        .addMethod(
          getUnlinkTreeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.UnlinkTreeRequest,
              io.github.causewaysync.v1.UnlinkTreeResponse>(
                service, METHODID_UNLINK_TREE)))
        .addMethod(
          getWatchStatusMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.WatchStatusRequest,
              io.github.causewaysync.v1.WatchStatusResponse>(
                service, METHODID_WATCH_STATUS)))
        .addMethod(
          getFlushMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.FlushRequest,
              io.github.causewaysync.v1.FlushResponse>(
                service, METHODID_FLUSH)))
        .addMethod(
          getJoinTreeMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.JoinTreeRequest,
              io.github.causewaysync.v1.JoinTreeResponse>(
                service, METHODID_JOIN_TREE)))
        .addMethod(
          getGetPolicyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.GetPolicyRequest,
              io.github.causewaysync.v1.GetPolicyResponse>(
                service, METHODID_GET_POLICY)))
        .addMethod(
          getChangePolicyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ChangePolicyRequest,
              io.github.causewaysync.v1.ChangePolicyResponse>(
                service, METHODID_CHANGE_POLICY)))
        .addMethod(
          getRevokeKeyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.RevokeKeyRequest,
              io.github.causewaysync.v1.RevokeKeyResponse>(
                service, METHODID_REVOKE_KEY)))
        .addMethod(
          getAddAppMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.AddAppRequest,
              io.github.causewaysync.v1.AddAppResponse>(
                service, METHODID_ADD_APP)))
        .addMethod(
          getListAppsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ListAppsRequest,
              io.github.causewaysync.v1.ListAppsResponse>(
                service, METHODID_LIST_APPS)))
        .addMethod(
          getRevokeAppMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.RevokeAppRequest,
              io.github.causewaysync.v1.RevokeAppResponse>(
                service, METHODID_REVOKE_APP)))
        .addMethod(
          getListAccessRequestsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ListAccessRequestsRequest,
              io.github.causewaysync.v1.ListAccessRequestsResponse>(
                service, METHODID_LIST_ACCESS_REQUESTS)))
        .addMethod(
          getDecideAccessMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.DecideAccessRequest,
              io.github.causewaysync.v1.DecideAccessResponse>(
                service, METHODID_DECIDE_ACCESS)))
        .addMethod(
          getListInvitationsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ListInvitationsRequest,
              io.github.causewaysync.v1.ListInvitationsResponse>(
                service, METHODID_LIST_INVITATIONS)))
        .addMethod(
          getRevokeInvitationMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.RevokeInvitationRequest,
              io.github.causewaysync.v1.RevokeInvitationResponse>(
                service, METHODID_REVOKE_INVITATION)))
        .addMethod(
          getWatchNodeMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.WatchNodeRequest,
              io.github.causewaysync.v1.WatchNodeResponse>(
                service, METHODID_WATCH_NODE)))
        .addMethod(
          getGetSettingsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.GetSettingsRequest,
              io.github.causewaysync.v1.GetSettingsResponse>(
                service, METHODID_GET_SETTINGS)))
        .addMethod(
          getGetMetricsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.GetMetricsRequest,
              io.github.causewaysync.v1.GetMetricsResponse>(
                service, METHODID_GET_METRICS)))
        .addMethod(
          getWatchLogMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.WatchLogRequest,
              io.github.causewaysync.v1.WatchLogResponse>(
                service, METHODID_WATCH_LOG)))
        .addMethod(
          getListAuthorStorageMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ListAuthorStorageRequest,
              io.github.causewaysync.v1.ListAuthorStorageResponse>(
                service, METHODID_LIST_AUTHOR_STORAGE)))
        .addMethod(
          getCreatePageLinkMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.CreatePageLinkRequest,
              io.github.causewaysync.v1.CreatePageLinkResponse>(
                service, METHODID_CREATE_PAGE_LINK)))
        .addMethod(
          getEndPageSessionsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.EndPageSessionsRequest,
              io.github.causewaysync.v1.EndPageSessionsResponse>(
                service, METHODID_END_PAGE_SESSIONS)))
        .addMethod(
          getListOffersMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.ListOffersRequest,
              io.github.causewaysync.v1.ListOffersResponse>(
                service, METHODID_LIST_OFFERS)))
        .addMethod(
          getAcceptOffersMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.AcceptOffersRequest,
              io.github.causewaysync.v1.AcceptOffersResponse>(
                service, METHODID_ACCEPT_OFFERS)))
        .addMethod(
          getDeclineOffersMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.DeclineOffersRequest,
              io.github.causewaysync.v1.DeclineOffersResponse>(
                service, METHODID_DECLINE_OFFERS)))
        .addMethod(
          getStartPairingMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.github.causewaysync.v1.StartPairingRequest,
              io.github.causewaysync.v1.StartPairingResponse>(
                service, METHODID_START_PAIRING)))
        .addMethod(
          getAnswerPairingMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.github.causewaysync.v1.AnswerPairingRequest,
              io.github.causewaysync.v1.AnswerPairingResponse>(
                service, METHODID_ANSWER_PAIRING)))
        .build();
  }

  private static abstract class NodeServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    NodeServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.github.causewaysync.v1.NodeProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("NodeService");
    }
  }

  private static final class NodeServiceFileDescriptorSupplier
      extends NodeServiceBaseDescriptorSupplier {
    NodeServiceFileDescriptorSupplier() {}
  }

  private static final class NodeServiceMethodDescriptorSupplier
      extends NodeServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    NodeServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (NodeServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new NodeServiceFileDescriptorSupplier())
              .addMethod(getGetNodeMethod())
              .addMethod(getDiagnoseMethod())
              .addMethod(getCreateTicketMethod())
              .addMethod(getSyncNowMethod())
              .addMethod(getVerifyTreeMethod())
              .addMethod(getRepairMethod())
              .addMethod(getBackupMethod())
              .addMethod(getAddPeerMethod())
              .addMethod(getRemovePeerMethod())
              .addMethod(getBlockPeerMethod())
              .addMethod(getListPeersMethod())
              .addMethod(getLinkTreeMethod())
              .addMethod(getUnlinkTreeMethod())
              .addMethod(getWatchStatusMethod())
              .addMethod(getFlushMethod())
              .addMethod(getJoinTreeMethod())
              .addMethod(getGetPolicyMethod())
              .addMethod(getChangePolicyMethod())
              .addMethod(getRevokeKeyMethod())
              .addMethod(getAddAppMethod())
              .addMethod(getListAppsMethod())
              .addMethod(getRevokeAppMethod())
              .addMethod(getListAccessRequestsMethod())
              .addMethod(getDecideAccessMethod())
              .addMethod(getListInvitationsMethod())
              .addMethod(getRevokeInvitationMethod())
              .addMethod(getWatchNodeMethod())
              .addMethod(getGetSettingsMethod())
              .addMethod(getGetMetricsMethod())
              .addMethod(getWatchLogMethod())
              .addMethod(getListAuthorStorageMethod())
              .addMethod(getCreatePageLinkMethod())
              .addMethod(getEndPageSessionsMethod())
              .addMethod(getListOffersMethod())
              .addMethod(getAcceptOffersMethod())
              .addMethod(getDeclineOffersMethod())
              .addMethod(getStartPairingMethod())
              .addMethod(getAnswerPairingMethod())
              .build();
        }
      }
    }
    return result;
  }
}
