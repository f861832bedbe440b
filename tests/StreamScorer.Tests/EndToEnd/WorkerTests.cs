using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Tests.Kafka;

namespace StreamScorer.Tests.EndToEnd;

/// <summary>The whole way of a record, on every Kafka that tests know.</summary>
public abstract class WorkerTests
{
    /// <summary>Every kind of record that cannot be scored, with the reason it must get; null: filtered.</summary>
    private static readonly (byte[]? Value, string? Reason)[] Bad =
    [
        ("not json at all"u8.ToArray(), "not_json"),
        ("[1,2,3]"u8.ToArray(), "wrong_type"),
        ("""{"id":"1","text":42}"""u8.ToArray(), "wrong_type"),
        ("""{"id":"1"}"""u8.ToArray(), "missing_text"),
        ("""{"id":"1","text":"   "}"""u8.ToArray(), "empty_text"),
        (Encoding.UTF8.GetBytes($$"""{"text":"{{new string('x', 70_000)}}"}"""), "text_too_long"),
        ([.. "{\"text\":\""u8, 0xC3, 0x28, .. "\"}"u8], "invalid_utf8"),
        ("""{"text":"\ud800 alone"}"""u8.ToArray(), "unpaired_surrogate"),
        (Encoding.UTF8.GetBytes(new string('[', 10_000)), "too_deep"),
        (Encoding.UTF8.GetBytes($$"""{"text":"{{string.Concat(Enumerable.Repeat("\u0301", 350_000))}}"}"""), "text_too_long"),
        ("""{"text":"\u0000\u0000"}"""u8.ToArray(), "empty_text"),
        ([], "not_json"),
        (null, null),
    ];

    [Fact]
    public async Task Worker_ShouldGiveEveryRecordExactlyOneOutcome_WhateverItHolds()
    {
        var harness = await WorkerHarness.CreateAsync(await KafkaAsync());
        var messages = new List<Message<byte[]?, byte[]?>>();
        for (var i = 0; i < 60; i++)
        {
            messages.Add(WorkerHarness.Post($"author-{i % 7}", $"post-{i}", $"an ordinary post number {i} with a \\u0000 NUL"));
            var (value, _) = Bad[i % Bad.Length];
            messages.Add(new Message<byte[]?, byte[]?> { Key = Key($"author-{i % 7}"), Value = value, Headers = [new Header("origin", "test"u8.ToArray())] });
        }

        var sent = await harness.Kafka.ProduceAsync(harness.Input, messages);
        var bad = messages.Select((m, i) => (m, i)).Where(x => x.i % 2 == 1).ToList();
        var filtered = bad.Count(x => x.m.Value is null);
        var counted = await harness.RunUntilAsync(scored: 60 + filtered, deadLetters: bad.Count - filtered);

        Assert.Equal((120, 60, 60 - filtered, filtered), (counted.Consumed, counted.Scored, counted.DeadLettered, counted.Filtered));
        Assert.Equal(120, await harness.CommittedAsync());

        var scored = (await harness.Kafka.ReadToEndAsync(harness.Scored)).Where(record => record.Message.Value is not null).Select(ScoredOrigin).ToList();
        var dead = await harness.Kafka.ReadToEndAsync(harness.DeadLetters);
        var outcomes = scored.Concat(dead.Select(DeadLetterOrigin)).ToList();
        Assert.Equal(outcomes.Count, outcomes.Distinct().Count());
        Assert.Equal(sent.Where(s => s.Message.Value is not null).Select(s => (s.Partition.Value, s.Offset.Value)).Order(), outcomes.Order());

        var read = (await harness.Kafka.ReadToEndAsync(harness.Input)).ToDictionary(r => (r.Partition.Value, r.Offset.Value));
        var byOrigin = dead.ToDictionary(DeadLetterOrigin);
        foreach (var (message, index) in bad.Where(x => x.m.Value is not null))
        {
            var origin = (sent[index].Partition.Value, sent[index].Offset.Value);
            var letter = byOrigin[origin].Message;
            Assert.Equal(Bad[index / 2 % Bad.Length].Reason, Header(letter, Outcomes.HeaderReason));
            Assert.Equal(message.Key, letter.Key);
            Assert.Equal(message.Value, letter.Value);
            Assert.Equal("test", Header(letter, "origin"));
            Assert.Equal(harness.Input, Header(letter, Outcomes.HeaderTopic));
            Assert.NotEmpty(Header(letter, Outcomes.HeaderMessage));
            Assert.Equal(read[origin].Message.Timestamp.UnixTimestampMs.ToString(CultureInfo.InvariantCulture), Header(letter, Outcomes.HeaderTimestamp));
        }
    }

    [Fact]
    public async Task Worker_ShouldKeepTheOrderOfEachKey_AndRepeatNothing_WhenStoppedMidwayAndStartedAgain()
    {
        const int Posts = 600;
        var harness = await WorkerHarness.CreateAsync(await KafkaAsync());
        await harness.Kafka.ProduceAsync(harness.Input, Enumerable.Range(0, Posts).Select(i =>
            WorkerHarness.Post($"author-{i % 11}", i.ToString(CultureInfo.InvariantCulture), string.Join(' ', Enumerable.Repeat("word", 1 + (i * 7 % 40))))));

        var first = await harness.RunUntilAsync(scored: 100, deadLetters: 0);
        Assert.Equal(first.Consumed, await harness.CommittedAsync());
        var second = await harness.RunUntilAsync(scored: Posts, deadLetters: 0);

        Assert.Equal(Posts, first.Scored + second.Scored);
        Assert.Equal(Posts, await harness.CommittedAsync());
        var scored = await harness.Kafka.ReadToEndAsync(harness.Scored);
        Assert.Equal(Posts, scored.Count);
        foreach (var ofKey in scored.GroupBy(r => Encoding.UTF8.GetString(r.Message.Key!)))
        {
            var ids = ofKey.Select(r => Parse(r).GetProperty("id").GetString()!).Select(id => int.Parse(id, CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(ids.Order(), ids);
        }
    }

    [Fact]
    public async Task Worker_ShouldSendErasuresOn_InTheOrderOfTheirKey_AndStoreNoTextThatMustNotBeStored()
    {
        var harness = await WorkerHarness.CreateAsync(await KafkaAsync());
        var large = Encoding.UTF8.GetBytes($$"""{"text":"{{new string('x', 3 << 20)}}"}"""); // more than Publish:MaxMessageBytes
        await harness.Kafka.ProduceAsync(harness.Input,
        [
            WorkerHarness.Post("a", "1", "hello"),
            WorkerHarness.Raw("a", null),
            WorkerHarness.Post("a", "2", "hello again"),
            new() { Key = null, Value = null },
            new() { Key = Key("b"), Value = large, Headers = [new Header("do-not-store", "true"u8.ToArray())] },
        ]);

        var counted = await harness.RunUntilAsync(scored: 3, deadLetters: 1, filtered: 2);

        Assert.Equal((5, 2, 1, 2), (counted.Consumed, counted.Scored, counted.DeadLettered, counted.Filtered));
        var scored = await harness.Kafka.ReadToEndAsync(harness.Scored);
        Assert.Equal(["1", null, "2"], scored.Select(record => record.Message.Value is null ? null : Parse(record).GetProperty("id").GetString()));
        Assert.All(scored, record => Assert.Equal(Key("a"), record.Message.Key));
        var flagged = Assert.Single(await harness.Kafka.ReadToEndAsync(harness.Flagged)).Message;
        Assert.Equal(Key("a"), flagged.Key);
        Assert.Null(flagged.Value);
        var letter = Assert.Single(await harness.Kafka.ReadToEndAsync(harness.DeadLetters)).Message;
        Assert.Equal(Key("b"), letter.Key);
        Assert.Null(letter.Value);
        Assert.Equal(("text_too_long", "true", Convert.ToHexStringLower(SHA256.HashData(large))), (Header(letter, Outcomes.HeaderReason), Header(letter, Outcomes.HeaderRedacted), Header(letter, Outcomes.HeaderValueSha256)));
    }

    [Fact]
    public async Task Worker_ShouldPublishTheSameRecordToFlagged_WhenThePolicyDoesNotAllowIt()
    {
        var harness = await WorkerHarness.CreateAsync(await KafkaAsync());
        await harness.Kafka.ProduceAsync(harness.Input,
        [
            new() { Key = Key("a"), Value = """{"id":"kind","text":"What a lovely day, thank you all so much for coming"}"""u8.ToArray(), Headers = [new Header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"u8.ToArray())] },
            WorkerHarness.Post("a", "vile", "I hate all of these immigrants, they are vermin and should be wiped out"),
        ]);

        await harness.RunUntilAsync(scored: 2, deadLetters: 0);

        var scored = await harness.Kafka.ReadToEndAsync(harness.Scored);
        var flagged = await harness.Kafka.ReadToEndAsync(harness.Flagged);
        Assert.Equal("allow", Parse(scored.Single(r => Parse(r).GetProperty("id").GetString() == "kind")).GetProperty("decision").GetString());
        var vile = Assert.Single(flagged);
        Assert.Equal(scored.Single(r => Parse(r).GetProperty("id").GetString() == "vile").Message.Value, vile.Message.Value);
        Assert.NotEqual("allow", Parse(vile).GetProperty("decision").GetString());
        Assert.Contains("hate", Parse(vile).GetProperty("why").EnumerateArray().Select(why => why.GetProperty("head").GetString()));
        Assert.Equal("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Header(scored.Single(r => r.Message.Headers.Count > 0).Message, "traceparent"));
    }

    [Fact]
    public async Task OpenAsync_ShouldNameEveryAbsentTopicAndHowToMakeIt()
    {
        var harness = await WorkerHarness.CreateAsync(await KafkaAsync());
        var settings = harness.Settings with { Publish = harness.Settings.Publish with { ScoredTopic = "absent.scored" }, Consume = harness.Settings.Consume with { Topic = "absent" } };

        var faults = await Preflight.CheckAsync(settings);

        Assert.Equal(2, faults.Count);
        Assert.Contains("The topic 'absent' (Consume:Topic) does not exist", faults[0], StringComparison.Ordinal);
        Assert.Contains("--create --topic absent.scored", faults[1], StringComparison.Ordinal);
    }

    internal abstract Task<TestKafka> KafkaAsync();

    private static byte[] Key(string key) => Encoding.UTF8.GetBytes(key);

    private static JsonElement Parse(ConsumeResult<byte[]?, byte[]?> record) => JsonDocument.Parse(record.Message.Value).RootElement;

    private static string Header(Message<byte[]?, byte[]?> message, string name) => Encoding.UTF8.GetString(message.Headers.GetLastBytes(name));

    private static (int Partition, long Offset) ScoredOrigin(ConsumeResult<byte[]?, byte[]?> record)
    {
        var source = Parse(record).GetProperty("source");
        return (source.GetProperty("partition").GetInt32(), source.GetProperty("offset").GetInt64());
    }

    private static (int Partition, long Offset) DeadLetterOrigin(ConsumeResult<byte[]?, byte[]?> record)
        => (int.Parse(Header(record.Message, Outcomes.HeaderPartition), CultureInfo.InvariantCulture), long.Parse(Header(record.Message, Outcomes.HeaderOffset), CultureInfo.InvariantCulture));
}

public sealed class EmbeddedWorkerTests : WorkerTests, IDisposable
{
    private readonly EmbeddedKafka _kafka = new();

    public void Dispose() => _kafka.Dispose();

    internal override Task<TestKafka> KafkaAsync() => Task.FromResult<TestKafka>(_kafka);
}

public sealed class RealKafkaWorkerTests(RealKafkaFixture kafka) : WorkerTests
{
    internal override async Task<TestKafka> KafkaAsync() => await kafka.GetAsync();
}
