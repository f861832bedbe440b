using Confluent.Kafka;
using StreamScorer.Settle;

namespace StreamScorer.Publish;

/// <summary>Counts the acknowledgements of one micro-batch. Reports come on the client's thread.</summary>
internal sealed class Deliveries
{
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<DeliveryReport<byte[]?, byte[]?>> _report;
    private readonly Action<string>? _failed;
    private DeliveryException? _failure;
    private int _open = 1; // one for the sender itself, so that the count cannot reach zero while it still sends

    /// <param name="failed">Told the topic of each record that was not accepted.</param>
    public Deliveries(Action<string>? failed = null) => (_failed, _report) = (failed, Report);

    /// <summary>The first record that was not acknowledged, so far; one that was merely taken back with its transaction only as long as there is no other.</summary>
    public DeliveryException? Failure => Volatile.Read(ref _failure);

    /// <summary>One more record will be sent; returns what takes its report.</summary>
    public Action<DeliveryReport<byte[]?, byte[]?>> Expect()
    {
        Interlocked.Increment(ref _open);
        return _report;
    }

    /// <summary>The record announced last was not accepted by the client.</summary>
    public void Withdraw() => Close();

    /// <summary>Completes when every record is acknowledged.</summary>
    /// <exception cref="DeliveryException">One was not; the first failure.</exception>
    public Task AllAsync(CancellationToken abort)
    {
        Close();
        return _all.Task.WaitAsync(abort);
    }

    private void Report(DeliveryReport<byte[]?, byte[]?> report)
    {
        if (report.Status != PersistenceStatus.Persisted)
        {
            var failure = new DeliveryException(report.Topic, report.Error);
            if (!failure.IsTakenBack)
            {
                _failed?.Invoke(report.Topic);
            }

            if (_failure is null or { IsTakenBack: true })
            {
                Volatile.Write(ref _failure, failure); // what was taken back says nothing of the cause
            }
        }

        Close();
    }

    private void Close()
    {
        if (Interlocked.Decrement(ref _open) > 0)
        {
            return;
        }

        if (_failure is null)
        {
            _all.TrySetResult();
        }
        else
        {
            _all.TrySetException(_failure);
        }
    }
}

/// <summary>A record was not acknowledged by the brokers, so its micro-batch must not be settled.</summary>
internal sealed class DeliveryException(string topic, Error error)
    : Exception($"A record for '{topic}' was not accepted ({error.Code}: {error.Reason}). {Cure(topic, error.Code)}")
{
    /// <summary>The same record would not be accepted again either.</summary>
    public bool IsRefusal { get; } = error.IsRefusal();

    /// <summary>It was on its way when its transaction was aborted.</summary>
    public bool IsTakenBack { get; } = error.Code is ErrorCode.Local_PurgeQueue or ErrorCode.Local_PurgeInflight;

    private static string Cure(string topic, ErrorCode code) => code switch
    {
        ErrorCode.MsgSizeTooLarge => $"Raise max.message.bytes of '{topic}' above that of the input topic, and Publish:MaxMessageBytes likewise.",
        ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic => $"Create the topic '{topic}'.",
        ErrorCode.TopicAuthorizationFailed => $"Grant this user WRITE on '{topic}'.",
        ErrorCode.Local_MsgTimedOut => "The brokers did not answer within Publish:DeliveryTimeout.",
        _ => "Nothing of its micro-batch is committed; it will be read again.",
    };
}
