using System.Runtime.InteropServices;
using StreamScorer.Shared.Group;
using StreamScorer.Shared.Infer;

namespace StreamScorer.Tests.Infer;

/// <summary>
/// A model that fails as it is told. What it says of a row follows from the row's tokens alone, as the real ones do, so whatever fails, a row that is
/// scored must have these logits.
/// </summary>
internal sealed class FaultyScorer : IScorer
{
    public delegate bool RowIs(ReadOnlySpan<int> row);

    private int _calls;

    /// <summary>Padded tokens above which there is no memory.</summary>
    public int Memory { get; set; } = int.MaxValue;

    /// <summary>Which calls, counted from 0, fail for once.</summary>
    public Predicate<int> FailsCall { get; set; } = _ => false;

    /// <summary>Rows on which every call fails that has one of them.</summary>
    public RowIs Poison { get; set; } = _ => false;

    /// <summary>What such a call says about trying again.</summary>
    public InferenceFailure PoisonSays { get; set; } = InferenceFailure.Rows;

    /// <summary>Called before each call.</summary>
    public Action<TokenBatch> Before { get; set; } = _ => { };

    /// <summary>Rows and padded tokens of the calls that went well.</summary>
    public List<(int Rows, int Tokens)> Scored { get; } = [];

    public int Calls => Volatile.Read(ref _calls);

    public string Device => "none";

    public int LogitCount => 6;

    public bool Pads => true;

    public void Score(TokenBatch batch, Span<float> logits)
    {
        Before(batch);
        var tokens = batch.Rows * batch.LongestRow;
        var call = Interlocked.Increment(ref _calls) - 1;
        if (tokens > Memory)
        {
            throw new InferenceException("no memory", InferenceFailure.OutOfMemory);
        }

        if (FailsCall(call))
        {
            throw new InferenceException("a hiccup");
        }

        for (var row = 0; row < batch.Rows; row++)
        {
            if (Poison(batch.Row(row)))
            {
                logits.Fill(float.NaN); // a call that fails leaves anything behind
                throw new InferenceException("a row cannot be scored", PoisonSays);
            }

            Logits(batch.Row(row)).CopyTo(logits[(row * LogitCount)..]);
        }

        Scored.Add((batch.Rows, tokens));
    }

    public static float[] Logits(ReadOnlySpan<int> row)
    {
        var random = new Random(MemoryMarshal.AsBytes(row).ToArray().Aggregate(17, (hash, next) => unchecked((hash * 31) + next)));
        return [.. Enumerable.Range(0, 6).Select(_ => (4 * random.NextSingle()) - 2)];
    }

    public void Dispose()
    {
    }
}
