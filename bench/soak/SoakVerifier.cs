using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;

namespace Soak;

/// <summary>
/// Holds the outputs against what the seed says was sent, record by record, by the number in their headers: the worker's own claims about
/// source and offset are not believed. Single-threaded.
/// </summary>
/// <param name="most">Records that were sent, or more.</param>
/// <param name="poisoned">The model fails on posts with <see cref="SoakRecord.Poison"/>.</param>
internal sealed class SoakVerifier(SoakTopics topics, int seed, int most, bool poisoned = false)
{
    /// <summary>Floating point may round the last digit another way beside other posts; a model whose scores depend on them moves by far more.</summary>
    private const double SameScore = 1e-5;

    private readonly byte[] _outcomes = new byte[most];
    private readonly byte[] _flagged = new byte[most];
    private readonly bool[] _flagDue = new bool[most];
    private readonly double[] _scores = new double[most];
    private readonly Dictionary<(string Topic, string Key), int> _last = [];
    private readonly SortedDictionary<string, (int Count, string First)> _faults = new(StringComparer.Ordinal);

    /// <summary>Records that have an outcome; of a tombstone, the erasure.</summary>
    public int Answered { get; private set; }

    public int Scored { get; private set; }

    public int DeadLettered { get; private set; }

    /// <summary>Tombstones that went on to the scored topic.</summary>
    public int Erased { get; private set; }

    public int Doubled { get; private set; }

    /// <summary>Takes note of one record of an output.</summary>
    public void Take(ConsumeResult<byte[]?, byte[]?> result)
    {
        var headers = result.Message.Headers;
        if (Text(headers, SoakRecord.RunHeader) != seed.ToString(CultureInfo.InvariantCulture)
            || !int.TryParse(Text(headers, SoakRecord.NumberHeader), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            || number >= most)
        {
            Fault("of unknown origin", result, -1);
            return;
        }

        if (number == SoakProducer.Ghost)
        {
            Fault("answers to an aborted record", result, number);
            return;
        }

        var record = SoakRecord.Make(seed, number, poisoned);
        if (!result.Message.Key.AsSpan().SequenceEqual(record.Message(seed).Key) || (result.Message.Key is null) != (record.Key is null))
        {
            Fault("with another key", result, number);
        }

        if (result.Topic == topics.Flagged)
        {
            _flagged[number] = Increment(_flagged[number]);
            if (record.Due != Due.Nothing)
            {
                Score(result, record);
            }

            return;
        }

        TakeOutcome(result, record);
    }

    /// <param name="count">Records that were sent.</param>
    /// <returns>The faults of a whole soak, by kind: how many, and the first.</returns>
    public IReadOnlyDictionary<string, (int Count, string First)> Close(int count)
    {
        for (var number = 0; number < count; number++)
        {
            if (_outcomes[number] == 0)
            {
                Fault(SoakRecord.Make(seed, number).Due == Due.Nothing ? "not erased" : "lost", $"number {number}");
            }

            if (_flagDue[number] != _flagged[number] > 0)
            {
                Fault(_flagDue[number] ? "not in the flagged topic" : "in the flagged topic without cause", $"number {number}");
            }

            if (_flagged[number] > 1)
            {
                Fault("doubled in the flagged topic", $"number {number}");
            }
        }

        return _faults;
    }

    private void TakeOutcome(ConsumeResult<byte[]?, byte[]?> result, SoakRecord record)
    {
        var isDead = result.Topic == topics.DeadLetter;
        var came = isDead ? Due.DeadLetter : result.Message.Value is null ? Due.Nothing : Due.Scored;
        if (record.Due != came)
        {
            Fault($"due {record.Due} and came as {came}", result, record.Number);
        }

        var first = _outcomes[record.Number] == 0;
        _outcomes[record.Number] = Increment(_outcomes[record.Number]);
        if (first)
        {
            Answered++;
            (Scored, DeadLettered, Erased) = came switch
            {
                Due.DeadLetter => (Scored, DeadLettered + 1, Erased),
                Due.Nothing => (Scored, DeadLettered, Erased + 1),
                _ => (Scored + 1, DeadLettered, Erased),
            };
            Order(result, record);
        }
        else
        {
            Doubled++;
            Fault("doubled", result, record.Number);
        }

        if (isDead)
        {
            Original(result, record);
        }
        else if (came == Due.Nothing)
        {
            _flagDue[record.Number] = true; // what erases a score erases its copy too
        }
        else
        {
            Score(result, record);
        }
    }

    /// <summary>The posts of a key were sent in the order of their numbers.</summary>
    private void Order(ConsumeResult<byte[]?, byte[]?> result, SoakRecord record)
    {
        if (record.Key is null)
        {
            return; // without a key they may go to any partition
        }

        if (_last.TryGetValue((result.Topic, record.Key), out var last) && last > record.Number)
        {
            Fault("out of order within their key", result, record.Number);
        }
        else
        {
            _last[(result.Topic, record.Key)] = record.Number;
        }
    }

    private void Original(ConsumeResult<byte[]?, byte[]?> result, SoakRecord record)
    {
        if (!result.Message.Value.AsSpan().SequenceEqual(record.Value) || result.Message.Value is null)
        {
            Fault("dead letters that are not the original bytes", result, record.Number);
        }

        if (Text(result.Message.Headers, "dlq.reason") != record.Reason)
        {
            Fault($"dead letters of reason {record.Reason} that say {Text(result.Message.Headers, "dlq.reason")}", result, record.Number);
        }
    }

    private void Score(ConsumeResult<byte[]?, byte[]?> result, SoakRecord record)
    {
        try
        {
            using var json = JsonDocument.Parse(result.Message.Value);
            var root = json.RootElement;
            if (record.Id is not null && root.GetProperty("id").GetString() != record.Id)
            {
                Fault("scored under another id", result, record.Number);
            }

            var fingerprint = 0.0;
            foreach (var head in root.GetProperty("heads").EnumerateObject())
            {
                var probabilities = head.Value.GetProperty("probabilities").EnumerateObject().Select(p => p.Value.GetDouble()).ToList();
                probabilities.ForEach(p => fingerprint = (fingerprint / 3) + p + 1); // depends on every probability and on its place
                if (probabilities.Exists(p => p is not (>= 0 and <= 1)) || Math.Abs(probabilities.Sum() - 1) > 1e-3)
                {
                    Fault("with probabilities that are none", result, record.Number);
                }
            }

            if (result.Topic == topics.Scored)
            {
                _flagDue[record.Number] = root.GetProperty("decision").GetString() != "allow";
            }

            // A record scored again, and its copy among the flagged, must have the same scores.
            if (_scores[record.Number] != 0 && Math.Abs(_scores[record.Number] - fingerprint) > SameScore)
            {
                Fault("scored again with other probabilities", result, record.Number);
            }

            _scores[record.Number] = fingerprint;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentNullException)
        {
            Fault("not readable as a scored record", result, record.Number);
        }
    }

    private void Fault(string kind, ConsumeResult<byte[]?, byte[]?> result, int number)
        => Fault(kind, FormattableString.Invariant($"number {number} at {result.Topic} {result.Partition.Value}:{result.Offset.Value}"));

    private void Fault(string kind, string where)
        => _faults[kind] = _faults.TryGetValue(kind, out var known) ? (known.Count + 1, known.First) : (1, where);

    private static byte Increment(byte times) => times == byte.MaxValue ? times : (byte)(times + 1);

    private static string? Text(Headers headers, string name) => headers.TryGetLastBytes(name, out var bytes) ? Encoding.UTF8.GetString(bytes) : null;
}
