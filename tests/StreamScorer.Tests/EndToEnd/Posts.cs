using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamScorer.Consume;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>Numbered posts through a worker, and the proof that each came out once.</summary>
internal static class Posts
{
    /// <summary>Longer than a test: after the first commit the transaction stays open until somebody wants it closed.</summary>
    public static readonly TimeSpan Open = TimeSpan.FromMinutes(1);

    public static async Task<WorkerHarness> CreateAsync(TestKafka kafka, TimeSpan? commitInterval = null, string? instance = null, Func<ConsumeOptions, ConsumeOptions>? consume = null)
    {
        var harness = await WorkerHarness.CreateAsync(kafka);
        var settings = harness.Settings;
        return harness with
        {
            Settings = settings with
            {
                Kafka = settings.Kafka with { GroupInstanceId = instance },
                Consume = consume?.Invoke(settings.Consume) ?? settings.Consume,
                Settle = settings.Settle with { CommitInterval = commitInterval ?? settings.Settle.CommitInterval, TransactionTimeout = TimeSpan.FromMinutes(2) },
            },
        };
    }

    /// <summary>A worker of the same group that ends once so many records have an outcome in all.</summary>
    public static async Task RunToEndAsync(WorkerHarness harness, int count)
    {
        using var rig = new DeliveryRig(harness.Settings with { Settle = harness.Settings.Settle with { CommitInterval = TimeSpan.FromMilliseconds(50) } }).Start();
        await harness.Kafka.ReadAsync(harness.Scored, count, WorkerHarness.Limit);
        await rig.StopAsync();
    }

    public static async Task SendAsync(WorkerHarness harness, int first, int count)
        => await harness.Kafka.ProduceAsync(harness.Input, Enumerable.Range(first, count).Select(i => WorkerHarness.Post($"author-{i % 17}", i.ToString(CultureInfo.InvariantCulture), $"post number {i}")));

    /// <summary>Every post has one outcome, every key is in order, and the group is committed behind the last record of each partition.</summary>
    public static async Task AssertOnceAsync(WorkerHarness harness, int count)
    {
        var scored = (await harness.Kafka.ReadToEndAsync(harness.Scored)).Where(r => r.Message.Value is not null).ToList();
        var posts = scored.ConvertAll(r => (Key: Encoding.UTF8.GetString(r.Message.Key!), Id: int.Parse(JsonDocument.Parse(r.Message.Value).RootElement.GetProperty("id").GetString()!, CultureInfo.InvariantCulture)));
        Assert.Equal(Enumerable.Range(0, count), posts.Select(post => post.Id).Order());
        Assert.All(posts.GroupBy(post => post.Key), ofKey => Assert.Equal(ofKey.Select(post => post.Id).Order(), ofKey.Select(post => post.Id)));
        var last = (await harness.Kafka.ReadToEndAsync(harness.Input)).GroupBy(r => r.Partition.Value).ToDictionary(p => p.Key, p => p.Max(r => r.Offset.Value) + 1);
        Assert.Equal(last.OrderBy(p => p.Key), (await harness.Kafka.CommittedAsync(harness.Settings.Kafka.GroupId, harness.Input)).OrderBy(p => p.Key));
    }
}
