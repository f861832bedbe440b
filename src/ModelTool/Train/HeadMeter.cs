using ModelTool.Graph;
using ModelTool.Texts;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Train;

/// <summary>How good one head is on the development rows.</summary>
internal abstract class HeadMeter
{
    /// <summary>A fraction. Of classes macro-F1, of entities F1 over all types, of answers the mean F1 of their words.</summary>
    public abstract double F1 { get; }

    /// <param name="index">The head's place among the heads.</param>
    public static HeadMeter Of(HeadSpec head, int index) => head.Kind switch
    {
        HeadKind.Token => new EntityMeter(head),
        HeadKind.Span => new AnswerMeter(),
        _ => new ClassMeter(head, index),
    };

    /// <param name="logits">The row's, in the shape of <see cref="TrainGraph.LogitShape"/>, padding included.</param>
    public abstract void Add(Example example, ReadOnlySpan<float> logits);

    private sealed class ClassMeter(HeadSpec head, int index) : HeadMeter
    {
        private readonly F1Counts _counts = new(head.Labels.Count);

        public override double F1 => _counts.Macro;

        public override void Add(Example example, ReadOnlySpan<float> logits)
        {
            var truth = example.Labels[index];
            if (head.Kind == HeadKind.Softmax)
            {
                _counts.AddOne(truth[0], Likeliest(logits));
                return;
            }

            for (var label = 0; label < logits.Length; label++)
            {
                _counts.AddEach(label, truth[label], logits[label] >= 0);
            }
        }

        // Of two equal ones the last: probability 0.5 counts as yes.
        private static int Likeliest(ReadOnlySpan<float> logits)
        {
            var best = 0;
            for (var i = 1; i < logits.Length; i++)
            {
                best = logits[i] >= logits[best] ? i : best;
            }

            return best;
        }
    }

    private sealed class EntityMeter(HeadSpec head) : HeadMeter
    {
        private readonly BioLabels _labels = new(head.Labels);
        private EntityCounts _counts;

        public override double F1 => _counts.F1 ?? 0;

        public override void Add(Example example, ReadOnlySpan<float> logits)
        {
            if (example.Sentence is { } sentence)
            {
                _counts += FoundEntities.Of(sentence, _labels, logits).Count(type: null);
            }
        }
    }

    private sealed class AnswerMeter : HeadMeter
    {
        private readonly AnswerTally _tally = new();

        public override double F1 => AnswerQuality.Of(_tally.Answers()).F1 ?? 0;

        public override void Add(Example example, ReadOnlySpan<float> logits)
        {
            if (example.Window is { } window)
            {
                _tally.Add(window, logits[..(logits.Length / 2)], logits[(logits.Length / 2)..]);
            }
        }
    }
}
