using Confluent.Kafka;
using StreamScorer.Publish;

namespace StreamScorer.Tests.Publish;

public sealed class DeliveriesTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly Deliveries _deliveries = new();

    [Fact]
    public async Task AllAsync_ShouldWaitForTheLastReport()
    {
        var first = _deliveries.Expect();
        var second = _deliveries.Expect();
        first(Report(PersistenceStatus.Persisted));
        var all = _deliveries.AllAsync(CancellationToken.None);
        Assert.False(all.IsCompleted);

        second(Report(PersistenceStatus.Persisted));

        await all.WaitAsync(Limit);
    }

    [Fact]
    public async Task AllAsync_ShouldComplete_WhenNothingWasSent() => await _deliveries.AllAsync(CancellationToken.None).WaitAsync(Limit);

    [Theory]
    [InlineData(PersistenceStatus.NotPersisted)]
    [InlineData(PersistenceStatus.PossiblyPersisted)]
    public async Task AllAsync_ShouldFail_WhenOneIsNotSurelyPersisted(PersistenceStatus status)
    {
        _deliveries.Expect()(Report(status));
        _deliveries.Expect()(Report(PersistenceStatus.Persisted));

        var e = await Assert.ThrowsAsync<DeliveryException>(() => _deliveries.AllAsync(CancellationToken.None).WaitAsync(Limit));
        Assert.Contains("posts.scored", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AllAsync_ShouldNotWait_ForARecordTheClientDidNotAccept()
    {
        _deliveries.Expect();
        _deliveries.Withdraw();

        await _deliveries.AllAsync(CancellationToken.None).WaitAsync(Limit);
    }

    [Fact]
    public void Report_ShouldTellTheTopicOfWhatFailed_ButNotOfWhatIsTakenBackWithItsTransaction()
    {
        var failed = new List<string>();
        var deliveries = new Deliveries(failed.Add);

        deliveries.Expect()(Report(PersistenceStatus.Persisted));
        deliveries.Expect()(Report(PersistenceStatus.NotPersisted));
        deliveries.Expect()(Report(PersistenceStatus.NotPersisted, ErrorCode.Local_PurgeQueue));
        deliveries.Expect()(Report(PersistenceStatus.PossiblyPersisted, ErrorCode.Local_PurgeInflight));

        Assert.Equal(["posts.scored"], failed);
    }

    private static DeliveryReport<byte[]?, byte[]?> Report(PersistenceStatus status, ErrorCode fault = ErrorCode.Local_MsgTimedOut) => new()
    {
        Topic = "posts.scored",
        Status = status,
        Error = new Error(status == PersistenceStatus.Persisted ? ErrorCode.NoError : fault),
    };
}
