using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Settle;
using StreamScorer.Tests.EndToEnd;
using StreamScorer.Tests.Kafka;
using StreamScorer.Tests.Operate;

namespace StreamScorer.Tests.Publish;

/// <summary>Calls that do not succeed for long, as when nobody coordinates transactions.</summary>
public sealed class TransactionalProducerTests : IDisposable
{
    private readonly SkippingTime _time = new();
    private readonly HealthState _health;
    private readonly CollectedLog _log = new();

    public TransactionalProducerTests() => _health = new HealthState(new OperateOptions(), _time);

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task OpenAsync_ShouldTryOnAndOn_AndSaySoOnceAMinute()
    {
        const int Failures = 100; // with the pauses between them a little over three minutes
        var calls = 0;
        using var producer = new TransactionalProducer(() => TestProducer.Create(before: (call, _) => Fail(call == "InitTransactions" && ++calls <= Failures)), new SettleOptions(), _health, _time, _log);

        await producer.OpenAsync(CancellationToken.None);

        Assert.Equal(Failures + 1, calls);
        Assert.InRange(_time.Waits.Aggregate(TimeSpan.Zero, (sum, wait) => sum + wait), TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(4));
        Assert.Equal(4, _log.Text.Split("InitTransactions has not succeeded").Length - 1);
        Assert.Contains(_health.Ready().Checks, check => check is { Name: "outputs", Ok: false });
    }

    [Fact]
    public async Task OpenAsync_ShouldStopTrying_WhenAborted()
    {
        using var abort = new CancellationTokenSource();
        using var producer = new TransactionalProducer(() => TestProducer.Create(before: (call, times) =>
        {
            if (times == 3)
            {
                abort.Cancel();
            }

            Fail(call == "InitTransactions");
        }), new SettleOptions(), _health, _time, _log);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => producer.OpenAsync(abort.Token));
    }

    /// <summary>As librdkafka does when the coordinator dies at the wrong moment.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CommitAsync_ShouldEndTheWorker_WhenTheCallNeverComesBack(bool aborted)
    {
        using var gate = new ManualResetEventSlim();
        using var abort = new CancellationTokenSource();
        var disposed = false;
        var producer = new TransactionalProducer(() => TestProducer.Create(before: (call, _) =>
        {
            disposed |= call == "Dispose";
            if (call == "SendOffsetsToTransaction")
            {
                gate.Wait();
            }
        }), new SettleOptions(), _health, TimeProvider.System, _log, TimeSpan.FromMilliseconds(200));
        await producer.OpenAsync(CancellationToken.None);
        producer.Begin();

        var commit = producer.CommitAsync([], new Membership(), abort.Token);
        if (aborted)
        {
            await abort.CancelAsync();
        }

        var fault = await Assert.ThrowsAsync<TimeoutException>(() => commit.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("its call SendOffsetsToTransaction", fault.Message, StringComparison.Ordinal);
        Assert.False(producer.InTransaction);
        producer.Dispose();
        Assert.False(disposed); // it would wait for the call
        gate.Set();
    }

    private static void Fail(bool fails)
    {
        if (fails)
        {
            throw TestProducer.Retriable();
        }
    }

    private sealed class Membership : Confluent.Kafka.IConsumerGroupMetadata;
}
