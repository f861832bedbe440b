using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using StreamScorer.Shared.Bundle;

namespace Bench;

/// <summary>A padded graph as it is often run: every row padded to one length, whatever it needs.</summary>
internal sealed class PaddedRun : IDisposable
{
    private readonly InferenceSession _session;
    private readonly int _length;

    /// <param name="threads">0: all cores.</param>
    public PaddedRun(ModelBundle bundle, int length, int threads)
    {
        using var settings = new SessionOptions { IntraOpNumThreads = threads > 0 ? threads : Environment.ProcessorCount };
        settings.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"); // as the scorer runs
        _session = new InferenceSession(bundle.PathOf(bundle.Manifest.Variants["cpu"].Graph), settings);
        _length = length;
    }

    /// <summary>Posts per second. Longer posts are cut.</summary>
    public double PerSecond(List<ReadOnlyMemory<int>> tokens, int rows)
    {
        using var run = new RunOptions();
        var started = Stopwatch.GetTimestamp();
        foreach (var batch in tokens.Chunk(rows))
        {
            using var ids = Input(batch, (row, i) => row.Span[i]);
            using var mask = Input(batch, (_, _) => 1);
            using var segments = Input(batch, (_, _) => 0);
            using var results = _session.Run(run, ["input_ids", "attention_mask", "token_type_ids"], [ids, mask, segments], _session.OutputNames);
        }

        return tokens.Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    public void Dispose() => _session.Dispose();

    private OrtValue Input(ReadOnlyMemory<int>[] batch, Func<ReadOnlyMemory<int>, int, long> value)
    {
        var data = new long[batch.Length * _length];
        for (var row = 0; row < batch.Length; row++)
        {
            for (var i = 0; i < Math.Min(_length, batch[row].Length); i++)
            {
                data[(row * _length) + i] = value(batch[row], i);
            }
        }

        return OrtValue.CreateTensorValueFromMemory(data, [batch.Length, _length]);
    }
}
