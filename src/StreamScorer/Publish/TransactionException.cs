using Confluent.Kafka;
using StreamScorer.Settle;

namespace StreamScorer.Publish;

/// <summary>No more transactions are possible, so the process must end; nothing uncommitted is lost, it is read again.</summary>
internal sealed class TransactionException(KafkaException fault) : Exception($"{Cause(fault)} Nothing uncommitted is lost; it is read again.", fault)
{
    private static string Cause(KafkaException fault) => (fault.Tier(), fault.Error.Code) switch
    {
        (FaultTier.Fenced, _) => $"Another worker has taken this one's transactional id ({fault.Error.Reason}). Give every worker its own Kafka:GroupInstanceId, or none.",
        (_, ErrorCode.TransactionalIdAuthorizationFailed) => "The brokers do not let this user have transactions. Grant it WRITE and DESCRIBE on transactional ids that begin with Kafka:GroupId, or set Settle:Delivery=AtLeastOnce.",
        (_, ErrorCode.InvalidTransactionTimeout) => "The brokers do not allow so long a transaction. Lower Settle:TransactionTimeout, or raise their transaction.max.timeout.ms.",
        (_, ErrorCode.TopicAuthorizationFailed) => "The brokers do not let this user write to an output topic. Grant it WRITE on the three topics of the section Publish.",
        (_, ErrorCode.GroupAuthorizationFailed) => "The brokers do not let this user commit offsets. Grant it READ on the group Kafka:GroupId.",
        (_, ErrorCode.MsgSizeTooLarge) => $"An output topic does not take so large a record ({fault.Error.Reason}). Raise max.message.bytes of that topic above that of the input topic, and Publish:MaxMessageBytes likewise.",
        _ => $"A transaction failed for good ({fault.Error.Code}: {fault.Error.Reason}).",
    };
}
