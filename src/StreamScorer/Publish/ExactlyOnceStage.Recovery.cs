using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using StreamScorer.Settle;

namespace StreamScorer.Publish;

/// <content>What becomes of a transaction that fails, or that is open when the pipeline ends.</content>
internal sealed partial class ExactlyOnceStage
{
    /// <summary>What an end over budget grants the last abort, so that readers of committed data need not wait for the brokers to do it.</summary>
    private static readonly TimeSpan LastAbortLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private TimeSpan _pause = FirstPause;

    /// <summary>When to look whether anything is left that could show that outputs are accepted again.</summary>
    private Task _look = Never;

    /// <summary>Tells what may go on from what must stop.</summary>
    private async Task RecoverAsync(KafkaException fault, CancellationToken abort)
    {
        var mayGoOn = producer.IsOverdue || fault.Tier() == FaultTier.Renewable || (fault.Tier() == FaultTier.Abortable && !fault.Error.IsRefusal());
        if (!mayGoOn)
        {
            throw new TransactionException(fault);
        }

        await RollBackAsync("failed", $"{fault.Error.Code}: {fault.Error.Reason}", abort);
    }

    /// <summary>Abortable tier: gives up the transaction and everything in flight, which Consume then reads again from the committed offsets.</summary>
    private async Task RollBackAsync(string reason, string why, CancellationToken abort)
    {
        try
        {
            await producer.AbortAsync(abort);
        }
        catch (KafkaException e) when (producer.IsOverdue || e.Tier() == FaultTier.Renewable)
        {
            // Renewable tier. Overdue: the brokers have ended it by themselves, because we came too late.
            reason = producer.IsOverdue ? "expired" : reason;
            await producer.OpenAsync(abort);
        }

        if (_deliveries.Failure is { IsRefusal: true } refusal)
        {
            telemetry.ProduceFailed();
            throw refusal; // the same record would fail again, for ever
        }

        LogAborted(logger, _open.Entries.Count, _deliveries.Failure is { IsTakenBack: false } failure ? failure.Message : why);
        telemetry.TransactionAborted(reason);
        sender.CountVoid(_open.Entries);
        _open.VoidTraces();
        ledger.Void();
        Clear();
        if (reason != "revoked")
        {
            health.OutputsFine(false, why);
            await Task.Delay(_pause, time, abort);
            _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            _look = Task.Delay(LookInterval, time, CancellationToken.None);
        }
    }

    /// <summary>The next commit shows that outputs are accepted. But there may be nothing to commit: what failed was final after all, or its partitions went to another worker.</summary>
    private void LookAgain()
    {
        var isRested = !producer.InTransaction && ledger.Rewinding.Count == 0 && ledger.IsSettled(ledger.Owned);
        _look = isRested || producer.InTransaction ? Never : Task.Delay(LookInterval, time, CancellationToken.None);
        if (isRested)
        {
            health.OutputsFine(true);
        }
    }

    /// <summary>The pipeline ends: what is open must not stay so.</summary>
    private async Task GiveUpAsync()
    {
        if (!producer.InTransaction)
        {
            return;
        }

        using var limit = new CancellationTokenSource(LastAbortLimit, time);
        try
        {
            await producer.AbortAsync(limit.Token);
            telemetry.TransactionAborted("stopped");
        }
        catch (Exception e) when (e is KafkaException or OperationCanceledException)
        {
            // There is no other way left to end it.
            LogLeftOpen(logger, options.TransactionTimeout);
        }
    }

    /// <summary>Partitions moved while it was open, or Kafka demanded it. Its outcomes are never seen by readers of committed data, and its records come again.</summary>
    /// <remarks>Now and then, with rebalances and elections of leaders: nothing. If it goes on: the reason names the call; <c>streamscorer_transactions_aborted_total</c> has the shares.</remarks>
    [LoggerMessage(1120, LogLevel.Warning, "A transaction with the outcomes of {Records} records was aborted ({Why}); they are read again.")]
    private static partial void LogAborted(ILogger logger, int records, string why);

    /// <summary>The worker ends and the brokers do not answer its last call.</summary>
    /// <remarks>Nothing is lost. Readers of committed data wait at that place until then; a restart with the same <c>Kafka:GroupInstanceId</c> ends it at once.</remarks>
    [LoggerMessage(1121, LogLevel.Warning, "The open transaction could not be aborted; readers of committed data wait until the brokers do so, within {Limit}.")]
    private static partial void LogLeftOpen(ILogger logger, TimeSpan limit);
}
