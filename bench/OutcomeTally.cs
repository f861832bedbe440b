using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using StreamScorer.Publish;

namespace Bench;

/// <summary>Reads scored and dead-letter topics and holds them against what was sent.</summary>
internal sealed class OutcomeTally : IDisposable
{
    private readonly IConsumer<string, byte[]> _consumer;
    private readonly string _deadLetters;
    private readonly Dictionary<(int Partition, long Offset), string> _sent;
    private readonly Dictionary<(int Partition, long Offset), int> _outcomes = [];
    private readonly Dictionary<string, long> _lastByKey = [];
    private int _scored;
    private int _dead;
    private int _strangers;
    private int _outOfOrder;

    public OutcomeTally(string servers, string[] topics, Dictionary<(int Partition, long Offset), string> sent)
    {
        (_sent, _deadLetters) = (sent, topics[3]);
        _consumer = new ConsumerBuilder<string, byte[]>(new ConsumerConfig { BootstrapServers = servers, GroupId = $"{topics[0]}-tally", AutoOffsetReset = AutoOffsetReset.Earliest, EnableAutoCommit = false, EnablePartitionEof = true }).Build();
        _consumer.Assign(new[] { topics[1], topics[3] }.SelectMany(t => Enumerable.Range(0, 6).Select(p => new TopicPartitionOffset(t, p, Offset.Beginning))));
    }

    public int Distinct => _outcomes.Count;

    public void ReadUntil(int distinct, Func<bool> ended)
    {
        while (_outcomes.Count < distinct && !ended())
        {
            Take(_consumer.Consume(TimeSpan.FromMilliseconds(200)));
        }
    }

    /// <summary>Reads until every partition is at its end.</summary>
    public void ReadToEnd()
    {
        var open = _consumer.Assignment.ToHashSet();
        foreach (var partition in open.ToList())
        {
            if (_consumer.QueryWatermarkOffsets(partition, TimeSpan.FromSeconds(10)).High == _consumer.Position(partition))
            {
                open.Remove(partition);
            }
        }

        while (open.Count > 0)
        {
            var result = _consumer.Consume(TimeSpan.FromSeconds(10));
            if (result is null || result.IsPartitionEOF)
            {
                open.Remove(result?.TopicPartition ?? open.First());
                continue;
            }

            Take(result);
        }
    }

    public bool Report(TextWriter output)
    {
        var missing = _sent.Keys.Count(at => !_outcomes.ContainsKey(at));
        var repeated = _outcomes.Values.Sum(times => times - 1);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"sent {_sent.Count}; with an outcome {_outcomes.Count}; without {missing}; scored records {_scored}, dead letters {_dead}, repeated {repeated}, of unknown origin {_strangers}, out of order within their key {_outOfOrder}"));
        return missing == 0 && _strangers == 0 && _outOfOrder == 0;
    }

    public void Dispose()
    {
        _consumer.Close();
        _consumer.Dispose();
    }

    private void Take(ConsumeResult<string, byte[]>? result)
    {
        if (result is null || result.IsPartitionEOF)
        {
            return;
        }

        var dead = result.Topic == _deadLetters;
        var at = dead ? DeadLetterOrigin(result.Message.Headers) : ScoredOrigin(result.Message.Value);
        if (!_sent.TryGetValue(at, out var key) || key != result.Message.Key)
        {
            _strangers++;
            return;
        }

        (_scored, _dead) = dead ? (_scored, _dead + 1) : (_scored + 1, _dead);
        var times = _outcomes[at] = _outcomes.GetValueOrDefault(at) + 1;

        // A repetition may come late; the first of each must be in order. One topic a key, since each topic has its own order.
        if (times == 1)
        {
            var lane = $"{result.Topic} {key}";
            _outOfOrder += _lastByKey.TryGetValue(lane, out var last) && last > at.Offset ? 1 : 0;
            _lastByKey[lane] = at.Offset;
        }
    }

    private static (int Partition, long Offset) ScoredOrigin(byte[] value)
    {
        using var record = JsonDocument.Parse(value);
        var source = record.RootElement.GetProperty("source");
        return (source.GetProperty("partition").GetInt32(), source.GetProperty("offset").GetInt64());
    }

    private static (int Partition, long Offset) DeadLetterOrigin(Headers headers)
    {
        string Header(string name) => Encoding.UTF8.GetString(headers.GetLastBytes(name));
        return (int.Parse(Header(Outcomes.HeaderPartition), CultureInfo.InvariantCulture), long.Parse(Header(Outcomes.HeaderOffset), CultureInfo.InvariantCulture));
    }
}
