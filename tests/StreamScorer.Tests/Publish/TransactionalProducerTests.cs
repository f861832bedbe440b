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
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

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

    /// <summary>As librdkafka does when the group's coordinator is restarted at the wrong moment.</summary>
    [Theory]
    [InlineData("SendOffsetsToTransaction", false)]
    [InlineData("SendOffsetsToTransaction", true)]
    [InlineData("CommitTransaction", false)]
    public async Task CommitAsync_ShouldGiveTheClientUp_WhenACallNeverComesBack(string hanging, bool aborted)
    {
        using var gate = new ManualResetEventSlim();
        using var abort = new CancellationTokenSource();
        var disposed = 0;
        var producer = Hanging(call => call == hanging, gate, () => disposed++);
        await producer.OpenAsync(CancellationToken.None);
        producer.Begin();

        var commit = producer.CommitAsync([], new Membership(), abort.Token);
        if (aborted)
        {
            await abort.CancelAsync();
        }

        var fault = await Assert.ThrowsAsync<StuckClientException>(() => commit.WaitAsync(Limit));
        Assert.Equal(FaultTier.Renewable, fault.Tier());
        Assert.Contains($"call {hanging}", fault.Error.Reason, StringComparison.Ordinal);
        Assert.True(producer.InTransaction); // until the brokers have ended it
        producer.Dispose();
        Assert.Equal(0, disposed); // it would wait for the call
        gate.Set();
    }

    [Fact]
    public async Task AbortAsync_ShouldHaveTheBrokersEndTheTransaction_ThroughAnotherClient()
    {
        using var gate = new ManualResetEventSlim();
        var (disposed, opened) = (0, 0);
        var producer = Hanging(call => call == "SendOffsetsToTransaction" && opened == 1, gate, () => disposed++, () => opened++);
        await producer.OpenAsync(CancellationToken.None);
        producer.Begin();
        await Assert.ThrowsAsync<StuckClientException>(() => producer.CommitAsync([], new Membership(), CancellationToken.None));

        await producer.AbortAsync(CancellationToken.None);

        Assert.Equal(2, opened);
        Assert.False(producer.InTransaction);
        producer.Begin();
        await producer.CommitAsync([], new Membership(), CancellationToken.None);
        producer.Dispose();
        Assert.Equal(1, disposed);
        gate.Set();
    }

    [Fact]
    public async Task OpenAsync_ShouldEndTheWorker_WhenTooManyClientsWereGivenUp()
    {
        using var gate = new ManualResetEventSlim();
        var opened = 0;
        var producer = Hanging(call => call == "InitTransactions", gate, () => { }, () => opened++);

        var fault = await Assert.ThrowsAsync<TimeoutException>(() => producer.OpenAsync(CancellationToken.None));

        Assert.Contains("Start the worker again", fault.Message, StringComparison.Ordinal);
        Assert.Equal(3, opened);
        gate.Set();
    }

    private TransactionalProducer Hanging(Func<string, bool> hangs, ManualResetEventSlim gate, Action disposed, Action? opened = null)
        => new(
            () =>
            {
                opened?.Invoke();
                return TestProducer.Create(before: (call, _) =>
                {
                    if (call == "Dispose")
                    {
                        disposed();
                    }
                    else if (hangs(call))
                    {
                        gate.Wait();
                    }
                });
            },
            new SettleOptions(),
            _health,
            TimeProvider.System,
            _log,
            TimeSpan.FromSeconds(1),
            mostGivenUp: 2);

    private static void Fail(bool fails)
    {
        if (fails)
        {
            throw TestProducer.Retriable();
        }
    }

    private sealed class Membership : Confluent.Kafka.IConsumerGroupMetadata;
}
