using System.Collections.Frozen;
using Confluent.Kafka;

namespace StreamScorer.Settle;

/// <summary>What is left to do after a Kafka call failed.</summary>
internal enum FaultTier
{
    /// <summary>The same call again, after a pause that doubles.</summary>
    Retriable,

    /// <summary>The transaction is lost: abort it, read again from the committed offsets, go on.</summary>
    Abortable,

    /// <summary>
    /// Producer and brokers disagree about the transaction, or about what was sent, and the client does not mend it, as when one is aborted before the brokers
    /// had let it begin, or the client is stuck. As for an abortable one, with a new producer. Nobody else is in the way.
    /// </summary>
    Renewable,

    /// <summary>The brokers heed this client no more: another one has its name, or they have given up on its transaction.</summary>
    Fenced,

    /// <summary>Nothing that may be tried: the process ends with a non-zero exit code.</summary>
    Fatal,
}

/// <summary>A call of the client that does not come back; the client is of no more use.</summary>
internal sealed class StuckClientException(string call, TimeSpan elapsed)
    : KafkaException(new Error(ErrorCode.Local_TimedOut, $"the client's call {call} has not come back for {elapsed}"));

/// <summary>The one place where errors of Kafka calls are sorted.</summary>
internal static class KafkaFaults
{
    private static readonly FrozenSet<ErrorCode> Fences = FrozenSet.Create(
        ErrorCode.Local_Fenced, ErrorCode.ProducerFenced, ErrorCode.InvalidProducerEpoch, ErrorCode.FencedInstanceId);

    private static readonly FrozenSet<ErrorCode> Disagreements = FrozenSet.Create(
        ErrorCode.InvalidTxnState, ErrorCode.InvalidProducerIdMapping, ErrorCode.UnknownProducerId, ErrorCode.OutOfOrderSequenceNumber);

    /// <summary>Outside transactions the client does not say which errors pass; these do, by themselves or by its own rejoining.</summary>
    private static readonly FrozenSet<ErrorCode> Passing = FrozenSet.Create(
        ErrorCode.Local_MaxPollExceeded, ErrorCode.Local_Transport, ErrorCode.Local_AllBrokersDown, ErrorCode.Local_TimedOut, ErrorCode.Local_TimedOutQueue,
        ErrorCode.Local_WaitCoord, ErrorCode.Local_Retry, ErrorCode.Local_AssignmentLost, ErrorCode.RequestTimedOut, ErrorCode.NetworkException,
        ErrorCode.GroupLoadInProgress, ErrorCode.GroupCoordinatorNotAvailable, ErrorCode.NotCoordinatorForGroup, ErrorCode.RebalanceInProgress,
        ErrorCode.IllegalGeneration, ErrorCode.UnknownMemberId, ErrorCode.StaleMemberEpoch, ErrorCode.UnstableOffsetCommit,
        ErrorCode.NotEnoughReplicas, ErrorCode.NotEnoughReplicasAfterAppend);

    /// <summary>Errors that the same record, or commit, would meet again.</summary>
    private static readonly FrozenSet<ErrorCode> Refusals = FrozenSet.Create(
        ErrorCode.MsgSizeTooLarge, ErrorCode.RecordListTooLarge, ErrorCode.UnknownTopicOrPart, ErrorCode.Local_UnknownTopic, ErrorCode.Local_UnknownPartition,
        ErrorCode.TopicException, ErrorCode.TopicAuthorizationFailed, ErrorCode.ClusterAuthorizationFailed, ErrorCode.TransactionalIdAuthorizationFailed,
        ErrorCode.GroupAuthorizationFailed, ErrorCode.InvalidRecord, ErrorCode.PolicyViolation, ErrorCode.InvalidTimestamp);

    /// <summary>An error that nobody foresaw is fatal: going on might skip a record.</summary>
    public static FaultTier Tier(this KafkaException fault) => fault switch
    {
        KafkaTxnRequiresAbortException => FaultTier.Abortable,
        KafkaRetriableException => FaultTier.Retriable,
        StuckClientException => FaultTier.Renewable,
        _ when Fences.Contains(fault.Error.Code) => FaultTier.Fenced,
        _ when Disagreements.Contains(fault.Error.Code) => FaultTier.Renewable,
        _ when fault.Error.IsFatal => FaultTier.Fatal,
        _ when Passing.Contains(fault.Error.Code) => FaultTier.Retriable,
        _ => FaultTier.Fatal,
    };

    /// <summary>Whether the brokers do not want this, however often it is tried; a person has to change something.</summary>
    public static bool IsRefusal(this Error error) => Refusals.Contains(error.Code);
}
