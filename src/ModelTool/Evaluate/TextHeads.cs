using ModelTool.Texts;

namespace ModelTool.Evaluate;

/// <summary>A head that finds entities, and what it found in each sentence.</summary>
internal sealed record EntitySamples(string Head, BioLabels Labels, IReadOnlyList<FoundEntities> Sentences)
{
    public EntitySamples Without(IReadOnlyList<string> sources) =>
        this with { Sentences = [.. Sentences.Where(sentence => !sources.Contains(sentence.Sentence.Source))] };
}

/// <summary>A head that answers questions, and what it answered to each.</summary>
internal sealed record AnswerSamples(string Head, IReadOnlyList<GivenAnswer> Questions);

/// <summary>Quality of a head that finds entities: pooled, and by each value of each slice column.</summary>
/// <param name="F1Interval">95 % bootstrap interval of F1 over all types, sentences taken as independent.</param>
internal sealed record EntityHead(
    EntityQuality Pooled, Interval? F1Interval, IReadOnlyDictionary<string, IReadOnlyDictionary<string, EntityQuality>> Slices)
{
    public static EntityHead Of(EntitySamples head, IReadOnlyList<string> slices, IReadOnlyList<string> without)
    {
        var pooled = head.Without(without);
        return new EntityHead(
            EntityQuality.Of(pooled.Sentences, head.Labels),
            Bootstrap.Resample(pooled.Sentences.Count, F1(pooled.Sentences)),
            slices.ToDictionary(
                column => column,
                IReadOnlyDictionary<string, EntityQuality> (column) => Evaluation
                    .Grouped((column == "source" ? head : pooled).Sentences, sentence => sentence.Sentence.Column(column) ?? "-", column)
                    .ToDictionary(group => group.Key, group => EntityQuality.Of([.. group], head.Labels))));
    }

    /// <summary>F1 over all types of the sentences that were drawn.</summary>
    public static Func<int[], double> F1(IReadOnlyList<FoundEntities> sentences)
    {
        EntityCounts[] counts = [.. sentences.Select(sentence => sentence.Count(type: null))];
        return draw => draw.Aggregate(default(EntityCounts), (sum, row) => sum + counts[row]).F1 ?? 0;
    }
}

/// <summary>Quality of a head that answers questions.</summary>
/// <param name="F1Interval">95 % bootstrap interval, questions taken as independent.</param>
internal sealed record AnswerHead(AnswerQuality Pooled, Interval? F1Interval)
{
    public static AnswerHead Of(IReadOnlyList<GivenAnswer> questions) => new(AnswerQuality.Of(questions), Bootstrap.Resample(questions.Count, F1(questions)));

    /// <summary>Mean F1 of the questions that were drawn.</summary>
    public static Func<int[], double> F1(IReadOnlyList<GivenAnswer> questions) => draw => draw.Average(row => questions[row].F1);
}

/// <summary>A sentence or question that only one of two models has all right.</summary>
/// <param name="Now">What the second model makes of it: right or wrong.</param>
internal sealed record TextFlip(string Id, string Now);

/// <summary>Two models on the same sentences or questions. Differences are the second less the first.</summary>
/// <param name="OnlyFirst">Sentences with all their entities right, or questions answered exactly, by the first alone.</param>
/// <param name="McNemar">As in <see cref="HeadComparison"/>.</param>
internal sealed record TextComparison(
    int Rows, int OnlyFirst, int OnlySecond, double McNemar, double F1Difference, Interval? F1Interval, IReadOnlyList<TextFlip> Flips)
{
    public static TextComparison Of(EntitySamples first, EntitySamples second) => Of(
        [.. first.Sentences.Zip(second.Sentences, (a, b) => (a.Sentence.Id, a.IsRight, b.IsRight))], EntityHead.F1(first.Sentences), EntityHead.F1(second.Sentences));

    public static TextComparison Of(AnswerSamples first, AnswerSamples second) => Of(
        [.. first.Questions.Zip(second.Questions, (a, b) => (a.Id, a.IsExact, b.IsExact))], AnswerHead.F1(first.Questions), AnswerHead.F1(second.Questions));

    private static TextComparison Of(List<(string Id, bool First, bool Second)> pairs, Func<int[], double> before, Func<int[], double> after)
    {
        var (onlyFirst, onlySecond) = (pairs.Count(pair => pair.First && !pair.Second), pairs.Count(pair => !pair.First && pair.Second));
        double Difference(int[] draw) => after(draw) - before(draw);
        return new TextComparison(
            pairs.Count,
            onlyFirst,
            onlySecond,
            HeadComparison.McNemarExact(onlyFirst, onlySecond),
            Difference([.. Enumerable.Range(0, pairs.Count)]),
            Bootstrap.Resample(pairs.Count, Difference),
            [.. pairs.Where(pair => pair.First != pair.Second).Select(pair => new TextFlip(pair.Id, pair.Second ? "right" : "wrong"))]);
    }
}
