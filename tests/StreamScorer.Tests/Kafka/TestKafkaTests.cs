using System.Text;
using Confluent.Kafka;

namespace StreamScorer.Tests.Kafka;

/// <summary>What every Kafka that tests use must do, so that a test may trust it.</summary>
public abstract class TestKafkaTests
{
    private static readonly string[] Keys = ["a", "b", "c", "d", "e"];

    [Fact]
    public async Task Read_ShouldReturnKeysValuesHeadersAndTombstonesAsWritten()
    {
        var (kafka, topic) = await TopicAsync(partitions: 1);
        Message<byte[]?, byte[]?>[] messages =
        [
            new() { Key = "k"u8.ToArray(), Value = "v"u8.ToArray(), Headers = [new Header("one", "1"u8.ToArray()), new Header("one", "2"u8.ToArray()), new Header("none", null)] },
            new() { Key = null, Value = [] },
            new() { Key = "gone"u8.ToArray(), Value = null },
        ];

        var sent = await kafka.ProduceAsync(topic, messages);
        var read = await kafka.ReadToEndAsync(topic);

        Assert.Equal([0L, 1, 2], sent.Select(s => s.Offset.Value));
        Assert.Equal([0L, 1, 2], read.Select(r => r.Offset.Value));
        Assert.Equal(messages.Select(m => m.Key), read.Select(r => r.Message.Key));
        Assert.Equal(messages.Select(m => m.Value), read.Select(r => r.Message.Value));
        Assert.Equal(["one=1", "one=2", "none="], read[0].Message.Headers.Select(h => $"{h.Key}={Text(h.GetValueBytes())}"));
    }

    [Fact]
    public async Task Read_ShouldKeepTheOrderOfEachKey_OverPartitions()
    {
        var (kafka, topic) = await TopicAsync(partitions: 3);
        var messages = Enumerable.Range(0, 500).Select(i => new Message<byte[]?, byte[]?> { Key = Encoding.UTF8.GetBytes(Keys[i * 7 % 5]), Value = BitConverter.GetBytes(i) });

        await kafka.ProduceAsync(topic, messages);
        var read = await kafka.ReadToEndAsync(topic);

        Assert.Equal(500, read.Count);
        foreach (var ofKey in read.GroupBy(r => Text(r.Message.Key)))
        {
            var numbers = ofKey.Select(r => BitConverter.ToInt32(r.Message.Value)).ToList();
            Assert.Single(ofKey.Select(r => r.Partition).Distinct());
            Assert.Equal(numbers.Order(), numbers);
        }
    }

    [Fact]
    public async Task ReadAsync_ShouldWaitForRecordsThatComeLater()
    {
        var (kafka, topic) = await TopicAsync(partitions: 2);
        var reading = kafka.ReadAsync(topic, count: 2);

        await kafka.ProduceAsync(topic, [new() { Value = [1] }], partition: 0);
        Assert.False(reading.IsCompleted);
        await kafka.ProduceAsync(topic, [new() { Value = [2] }], partition: 1);

        Assert.Equal(2, (await reading).Count);
    }

    [Fact]
    public async Task ReadAsync_ShouldThrow_WhenTheLimitIsOver()
    {
        var (kafka, topic) = await TopicAsync(partitions: 1);
        await kafka.ProduceAsync(topic, [new() { Value = [1] }]);

        var fault = await Assert.ThrowsAsync<TimeoutException>(() => kafka.ReadAsync(topic, count: 2, TimeSpan.FromSeconds(2)));

        Assert.Contains("gave 1 records", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommittedAsync_ShouldReturnWhatAGroupCommitted()
    {
        var (kafka, topic) = await TopicAsync(partitions: 2);
        var group = TestKafka.Unique("group");
        await kafka.ProduceAsync(topic, [new() { Value = [1] }, new() { Value = [2] }], partition: 1);
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig { BootstrapServers = kafka.BootstrapServers, GroupId = group, EnableAutoCommit = false }).Build();

        Assert.Empty(await kafka.CommittedAsync(group, topic));
        consumer.Commit([new TopicPartitionOffset(topic, 1, 2)]);

        Assert.Equal([KeyValuePair.Create(1, 2L)], await kafka.CommittedAsync(group, topic));
    }

    protected abstract Task<TestKafka> KafkaAsync();

    private async Task<(TestKafka Kafka, string Topic)> TopicAsync(int partitions)
    {
        var kafka = await KafkaAsync();
        var topic = TestKafka.Unique("test");
        await kafka.CreateTopicAsync(topic, partitions);
        return (kafka, topic);
    }

    private static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.UTF8.GetString(bytes);
}

public sealed class EmbeddedKafkaTests : TestKafkaTests, IDisposable
{
    private readonly EmbeddedKafka _kafka = new();

    public void Dispose() => _kafka.Dispose();

    protected override Task<TestKafka> KafkaAsync() => Task.FromResult<TestKafka>(_kafka);
}

public sealed class RealKafkaTests(RealKafkaFixture real) : TestKafkaTests
{
    protected override async Task<TestKafka> KafkaAsync() => await real.GetAsync();
}
