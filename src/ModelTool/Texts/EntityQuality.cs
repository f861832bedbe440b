namespace ModelTool.Texts;

/// <summary>A sentence's entities, those that are marked and those that a model found.</summary>
/// <param name="Unseen">Words beyond the model's limit.</param>
internal sealed record FoundEntities(Sentence Sentence, IReadOnlyList<Entity> Truth, IReadOnlyList<Entity> Found, int Unseen)
{
    /// <summary>Whether all of them, and no others, were found.</summary>
    public bool IsRight => Truth.SequenceEqual(Found);

    /// <param name="logits">[tokens, labels].</param>
    public static FoundEntities Of(EncodedSentence sentence, BioLabels labels, ReadOnlySpan<float> logits) => new(
        sentence.Sentence,
        BioLabels.Entities(sentence.Sentence.Tags),
        BioLabels.Entities(labels.Choose(logits, sentence.Pieces)),
        sentence.Pieces.Count(piece => piece < 0));

    /// <param name="type">Null: all.</param>
    public EntityCounts Count(string? type)
    {
        var truth = Truth.Where(entity => type is null || entity.Type == type).ToHashSet();
        var found = Found.Where(entity => type is null || entity.Type == type).ToList();
        return new EntityCounts(truth.Count, found.Count, found.Count(truth.Contains));
    }
}

/// <param name="Positives">Entities that are marked.</param>
/// <param name="Chosen">Entities that were found.</param>
/// <param name="Hits">Found where one is marked: same first and last word, same type.</param>
internal readonly record struct EntityCounts(int Positives, int Chosen, int Hits)
{
    public double? Precision => Chosen == 0 ? null : (double)Hits / Chosen;

    public double? Recall => Positives == 0 ? null : (double)Hits / Positives;

    public double? F1 => Positives + Chosen == 0 ? null : 2.0 * Hits / (Positives + Chosen);

    public static EntityCounts operator +(EntityCounts a, EntityCounts b) => new(a.Positives + b.Positives, a.Chosen + b.Chosen, a.Hits + b.Hits);

    /// <summary>Over all sentences.</summary>
    public static EntityCounts Sum(IEnumerable<FoundEntities> sentences, string? type = null) =>
        sentences.Aggregate(default(EntityCounts), (sum, sentence) => sum + sentence.Count(type));
}

/// <summary>How well entities were found, exact in words and type, as conlleval and seqeval's default mode count. Fractions.</summary>
/// <param name="Right">Sentences with all their entities found and no others.</param>
/// <param name="UnseenWords">Words beyond the model's limit, and those it has no piece for: entities there count as missed.</param>
/// <param name="All">Of all types together (micro average).</param>
/// <param name="MacroF1">Average over the types that are marked or found; null where there are none.</param>
internal sealed record EntityQuality(
    int Sentences, int Right, int UnseenWords, EntityCounts All, double? MacroF1, IReadOnlyDictionary<string, EntityCounts> Types)
{
    public static EntityQuality Of(IReadOnlyList<FoundEntities> sentences, BioLabels labels)
    {
        var types = labels.Types.ToDictionary(type => type, type => EntityCounts.Sum(sentences, type));
        return new EntityQuality(
            sentences.Count,
            sentences.Count(sentence => sentence.IsRight),
            sentences.Sum(sentence => sentence.Unseen),
            EntityCounts.Sum(sentences),
            types.Values.Average(type => type.F1),
            types);
    }
}
