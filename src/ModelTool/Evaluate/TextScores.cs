using ModelTool.Texts;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace ModelTool.Evaluate;

/// <summary>Runs a bundle over a file whose labels stand inside the texts, and joins what it says with them.</summary>
internal sealed class TextScores : IDisposable
{
    private readonly string _file;
    private readonly LabelledColumns _columns;
    private readonly TextModel _model;
    private readonly ModelBundle _bundle;

    public TextScores(string file, LabelledColumns columns, string bundle, InferOptions infer)
    {
        (_file, _columns) = (file, columns);
        _bundle = Directory.Exists(bundle) ? ModelBundle.Open(bundle) : throw new ToolException($"{bundle} is no folder: {Path.GetFileName(file)} is scored by bundles only.");
        _model = new TextModel(_bundle, infer);
    }

    public static bool IsOne(string file) => TextFiles.IsConll(file) || TextFiles.IsSquad(file);

    /// <summary>The columns that figures are broken down by.</summary>
    /// <exception cref="ToolException">No sentence has a column that was named.</exception>
    public static IReadOnlyList<string> Slices(string file, LabelledColumns columns, IReadOnlyList<string> without)
    {
        var known = TextFiles.IsConll(file) ? ConllFile.Read(file).SelectMany(sentence => sentence.Columns.Keys).ToHashSet() : [];
        var missing = (columns.Slices ?? []).Concat(columns.Heads.Values).Concat(without.Count > 0 ? ["source"] : []).FirstOrDefault(column => !known.Contains(column));
        return missing is null
            ? columns.Slices ?? (known.Contains("source") ? ["source"] : [])
            : throw new ToolException($"{file} has no column '{missing}': a comment '# {missing} = value' before a sentence would be one.");
    }

    /// <param name="slices">As <see cref="Slices"/> gave them.</param>
    /// <exception cref="ToolException">The file labels nothing that the bundle has a head for.</exception>
    public ScoredSet Read(IReadOnlyList<string> slices)
    {
        var set = TextFiles.IsConll(_file) ? ReadSentences(slices) : ReadQuestions();
        return set.Rows == 0 ? throw new ToolException($"{_file} is empty.")
            : set.Heads.Count + set.Entities.Count + set.Answers.Count > 0 ? set
            : throw new ToolException($"{_file} labels nothing that {set.Name} has a head for ({string.Join(", ", _bundle.Manifest.Heads.Select(head => head.Name))}).");
    }

    public void Dispose() => _model.Dispose();

    private ScoredSet ReadSentences(IReadOnlyList<string> slices)
    {
        var encoder = new SentenceEncoder(_bundle.LoadTokenizer(), _bundle.Manifest.MaxTokens);
        List<EncodedSentence> sentences = [.. ConllFile.Read(_file).Select(encoder.Encode)];
        var logits = new float[sentences.Count][][];
        _model.Run([.. sentences.Select(sentence => new TextRow(sentence.Ids, null))], (row, heads) => logits[row] = heads);
        var entities = new List<EntitySamples>();
        if (One(HeadKind.Token) is { } token)
        {
            var labels = new BioLabels(BioLabels.Fault(token.Head.Labels) is { } fault ? throw new ToolException($"Head '{token.Head.Name}' {fault}.") : token.Head.Labels);
            sentences.ForEach(sentence => labels.IndicesOf(sentence.Sentence, _file)); // a tag that the head lacks is a fault of the data, not a miss
            entities.Add(new EntitySamples(token.Head.Name, labels, [.. sentences.Select((sentence, row) => FoundEntities.Of(sentence, labels, logits[row][token.Index]))]));
        }

        return Set(sentences.Count) with { Heads = [.. Classes(sentences, logits, slices).Where(head => head.Samples.Count > 0)], Entities = entities };
    }

    private IEnumerable<HeadSamples> Classes(List<EncodedSentence> sentences, float[][][] logits, IReadOnlyList<string> slices)
    {
        foreach (var (index, head) in _bundle.Manifest.Heads.Index().Where(head => head.Item.Kind is HeadKind.Softmax or HeadKind.Sigmoid))
        {
            var column = _columns.Heads.GetValueOrDefault(head.Name, head.Name);
            var temperature = _bundle.Policy.Content.Temperatures?.TryGetValue(head.Name, out var known) == true ? known : 1;
            var samples = new List<Sample>();
            foreach (var (row, encoded) in sentences.Index())
            {
                var sentence = encoded.Sentence;
                var truth = ClassLabels.Read(head.Kind, head.Labels, sentence, column, _file);
                if (truth[0] >= 0)
                {
                    samples.Add(new Sample(
                        row + 1,
                        sentence.Id,
                        sentence.Source,
                        [.. slices.Select(slice => sentence.Column(slice) ?? "-")],
                        [.. head.Labels.Select((_, label) => (bool?)(head.Kind == HeadKind.Softmax ? truth[0] == label : truth[label] == 1))],
                        HeadProbabilities.Of(head.Kind, logits[row][index], temperature)));
                }
            }

            yield return new HeadSamples(head.Name, head.Kind, head.Labels, samples);
        }
    }

    private ScoredSet ReadQuestions()
    {
        var questions = SquadFile.Read(_file);
        if (One(HeadKind.Span) is not { } span)
        {
            return Set(questions.Count);
        }

        var encoder = new QuestionEncoder(_bundle.LoadTokenizer(), _bundle.Manifest.MaxTokens);
        List<QuestionWindow> windows = [.. questions.SelectMany(encoder.Cut)];
        var logits = new float[windows.Count][];
        _model.Run([.. windows.Select(window => new TextRow(window.Ids, window.Segments))], (row, heads) => logits[row] = heads[span.Index]);
        var tally = new AnswerTally();
        foreach (var (row, window) in windows.Index())
        {
            // The graph gives both of a token side by side.
            float[] Of(int which) => [.. Enumerable.Range(0, window.Ids.Length).Select(token => logits[row][(2 * token) + which])];
            tally.Add(window, Of(0), Of(1));
        }

        return Set(questions.Count) with { Answers = [new AnswerSamples(span.Head.Name, tally.Answers())] };
    }

    private ScoredSet Set(int rows)
    {
        var identity = _bundle.Identity;
        return new ScoredSet($"{identity.Name} {identity.Version} ({identity.Sha256[..8]}, policy {_bundle.Policy.Version})", rows, 0, []);
    }

    private (HeadManifest Head, int Index)? One(HeadKind kind)
    {
        var heads = _bundle.Manifest.Heads.Index().Where(head => head.Item.Kind == kind).Select(head => (head.Item, head.Index)).ToList();
        return heads.Count <= 1
            ? heads.Select(head => ((HeadManifest, int)?)head).FirstOrDefault()
            : throw new ToolException($"{_bundle.Folder} has {heads.Count} heads of the kind {kind.ToString().ToLowerInvariant()}, and a file has labels for one.");
    }
}
