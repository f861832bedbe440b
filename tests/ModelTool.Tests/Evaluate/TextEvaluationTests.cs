using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using ModelTool.Tests.Support;
using ModelTool.Texts;
using StreamScorer.Shared.Encode;

namespace ModelTool.Tests.Evaluate;

/// <summary>Entities and answers that follow from the reference's logits must be found by the bundle.</summary>
public sealed class TextEvaluationTests : IDisposable
{
    private static readonly BertTokenizer Tokenizer = BertTokenizer.Load(Repository.TinyBert("vocab.txt"), new TokenizerSettings());

    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData("packed")]
    [InlineData("padded")]
    public void Evaluate_ShouldFindTheReferencesEntities(string layout)
    {
        var (file, all, spoiled, rows) = Sentences();

        var json = Evaluate(file, Bundle(layout, "--max-tokens", "64")); // as the reference cut them

        var pooled = json["entities"]!["entities"]!["pooled"]!;
        Assert.True(all > 100 && spoiled > 3);
        Assert.Equal((all, all, all - spoiled), ((int)pooled["all"]!["positives"]!, (int)pooled["all"]!["chosen"]!, (int)pooled["all"]!["hits"]!));
        Assert.Equal((double)(all - spoiled) / all, (double)pooled["all"]!["f1"]!, 12);
        Assert.Equal((rows, rows - spoiled), ((int)pooled["sentences"]!, (int)pooled["right"]!));
        Assert.Equal(["PER", "LOC", "ORG", "MISC"], pooled["types"]!.AsObject().Select(type => type.Key));
        var hate = json["heads"]!["hate"]!["pooled"]!;
        Assert.Equal((rows, 1.0), ((int)hate["rows"]!, (double)hate["accuracy"]!));
        Assert.Equal(["even", "odd"], json["entities"]!["entities"]!["slices"]!["source"]!.AsObject().Select(slice => slice.Key));
        Assert.InRange((double)json["entities"]!["entities"]!["f1_interval"]!["low"]!, 0.5, (double)(all - spoiled) / all);
    }

    [Theory]
    [InlineData("packed")]
    [InlineData("padded")]
    public void Evaluate_ShouldFindTheReferencesAnswers(string layout)
    {
        var (file, exact, f1) = Questions();

        var json = Evaluate(file, Bundle(layout));

        var pooled = json["answers"]!["answer"]!["pooled"]!;
        Assert.InRange(exact, 0.2, 0.8);
        Assert.Equal((exact, f1), (Math.Round((double)pooled["exact"]!, 9), Math.Round((double)pooled["f1"]!, 9)));
        Assert.Empty(json["heads"]!.AsObject());
    }

    [Fact]
    public void Evaluate_ShouldPrintATable()
    {
        var (_, entities, _) = Tool.Run("evaluate", Sentences().File, "--bundle", Bundle("packed"));
        var (_, answers, _) = Tool.Run("evaluate", Questions().File, "--bundle", Bundle("packed"));

        Assert.Contains("head         entities         marked  found precision    recall       F1", entities, StringComparison.Ordinal);
        Assert.Matches(@"\nentities     \(all\) +\d+ +\d+ +\d+\.\d", entities);
        Assert.Matches(@"\nhate         \(all\) +\d+ ", entities);
        Assert.Matches(@"^head         questions    exact       F1  95 % interval\r?\nanswer +\d+ +\d+\.\d +\d+\.\d  \d", answers);
    }

    [Fact]
    public void Evaluate_ShouldListThoseOnlyOneHasRight_WhenTwoAreCompared()
    {
        var (file, _, _, _) = Sentences();
        var page = _folder.PathOf("page.html");

        var json = Evaluate(file, Bundle("packed"), "--against", Random(), "--html", page);

        var comparison = json["text_comparison"]!["entities"]!;
        var now = comparison["flips"]!.AsArray().CountBy(flip => (string)flip!["now"]!).ToDictionary();
        Assert.Equal((now["wrong"], now.GetValueOrDefault("right")), ((int)comparison["only_first"]!, (int)comparison["only_second"]!));
        Assert.True(now["wrong"] > 20);
        Assert.True((double)comparison["f1_difference"]! < -0.5);
        var html = File.ReadAllText(page);
        var body = XElement.Parse(html[html.IndexOf("<main>", StringComparison.Ordinal)..(html.IndexOf("</main>", StringComparison.Ordinal) + "</main>".Length)]);
        Assert.All(body.Descendants("table"), table => Assert.NotEmpty(table.Element("caption")!.Value));
        Assert.All(body.Descendants("a"), link => Assert.Contains(body.Descendants(), target => "#" + target.Attribute("id")?.Value == link.Attribute("href")!.Value));
        Assert.Contains("second", body.Descendants("tr").Select(row => row.Attribute("class")?.Value));
        Assert.Contains((string)comparison["flips"]![0]!["id"]!, body.Descendants("td").Select(cell => cell.Value));
    }

    [Fact]
    public void Evaluate_ShouldLeaveASourceOut_WhenAsked()
    {
        var (file, _, _, rows) = Sentences();

        var json = Evaluate(file, Bundle("packed"), "--without", "odd");

        Assert.Equal((rows + 1) / 2, (int)json["entities"]!["entities"]!["pooled"]!["sentences"]!);
        Assert.Equal((rows + 1) / 2, (int)json["heads"]!["hate"]!["pooled"]!["rows"]!);
        Assert.Equal(rows / 2, (int)json["entities"]!["entities"]!["slices"]!["source"]!["odd"]!["sentences"]!);
    }

    [Theory]
    [InlineData("a\tO\nb\tI-PER\n", "", "line 2: I-PER goes on with an entity that did not begin: the first word of one is B-PER.")]
    [InlineData("a\tB-film\n", "", "line 1: the head does not have the tag B-film; it has O, B-PER, I-PER, B-LOC, I-LOC, B-ORG, I-ORG, B-MISC, I-MISC.")]
    [InlineData("# hate = very\na\tO\n", "", "line 2: the comment 'hate' before it holds a label that the head does not have; it has not_hate, hate.")]
    [InlineData("a\tO\n", "--slice language", "a.conll has no column 'language': a comment '# language = value' before a sentence would be one.")]
    [InlineData("a\tO\n", "--without x", "a.conll has no column 'source': a comment '# source = value' before a sentence would be one.")]
    [InlineData("", "", "a.conll is empty.")]
    public void Evaluate_ShouldSayWhatIsWrong(string conll, string options, string fault) => Assert.EndsWith(
        fault,
        Tool.Fault(["evaluate", _folder.Write("a.conll", conll), "--bundle", Bundle("packed"), .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]),
        StringComparison.Ordinal);

    [Fact]
    public void Evaluate_ShouldRefuse_WhenNoHeadFits()
    {
        var fault = Tool.Fault("evaluate", Questions().File, "--bundle", Bundle("packed", "--head", "hate=softmax:not_hate,hate"));

        Assert.Contains("labels nothing that", fault, StringComparison.Ordinal);
        Assert.EndsWith("has a head for (hate).", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_ShouldRefuse_WhenThereIsNoBundle()
    {
        var file = _folder.Write("a.conll", "a\tO\n");

        Assert.Equal($"Name a bundle with --bundle: scored lines say nothing of the words of {file}.", Tool.Fault("evaluate", _folder.Write("s.jsonl", ""), file));
    }

    [Fact]
    public void Calibrate_ShouldSayWhoMeasuresEntities()
    {
        var fault = Tool.Fault("calibrate", Bundle("packed", "--head", "hate=softmax:not_hate,hate"), _folder.Write("a.conll", "a\tO\n"), "--best-f1");

        Assert.Contains("a.conll is no CSV file: entities and answers are measured by 'modeltool evaluate --bundle' alone", fault, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static JsonNode Evaluate(string file, string bundle, params string[] more)
    {
        var (code, output, error) = Tool.Run(["evaluate", file, "--bundle", bundle, "--json", .. more]);
        Assert.Equal((0, ""), (code, error));
        return JsonNode.Parse(output)!;
    }

    private string Bundle(string layout, params string[] more)
    {
        var bundle = _folder.PathOf("bundle");
        var (code, _, error) = Tool.Run(["import", Repository.TinyBert(), "--out", bundle, "--layout", layout, .. more]);
        Assert.Equal((0, ""), (code, error));
        return bundle;
    }

    private string Random()
    {
        var bundle = _folder.PathOf("random");
        var (code, _, error) = Tool.Run(
            "init", "--shape", "1x16x2x16", "--out", bundle, "--vocab", Repository.TinyBert("vocab.txt"), "--heads", Repository.TinyBert("heads.json"));
        Assert.Equal((0, ""), (code, error));
        return bundle;
    }

    /// <summary>The reference's texts with the tags that follow from its logits; every fifth that can be is spoiled by one entity of another type.</summary>
    private (string File, int Entities, int Spoiled, int Rows) Sentences()
    {
        var conll = new StringBuilder();
        var (entities, spoiled, rows) = (0, 0, 0);
        foreach (var row in Rows().Where(row => row["text"] is { } text && IsPlain((string)text!)))
        {
            var words = ((string)row["text"]!).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var tags = Tags(words, row["logits"]!["entities"]!.AsArray());
            var found = BioLabels.Entities(tags);
            tags = [.. tags.Select((tag, word) => found.Any(entity => entity.First == word) ? "B" + tag[1..] : tag)];
            if (rows % 5 == 0 && found.Count > 0 && found[0] is { Type: not "PER" } first)
            {
                tags = [.. tags.Select((tag, word) => word < first.First || word > first.Last ? tag : tag[..2] + "PER")];
                spoiled++;
            }

            var hate = row["logits"]!["hate"]!.AsArray();
            conll.Append(CultureInfo.InvariantCulture, $"# source = {(rows % 2 == 0 ? "even" : "odd")}\n# hate = {((float)hate[1]! > (float)hate[0]! ? "hate" : "not_hate")}\n");
            conll.AppendJoin('\n', words.Zip(tags, (word, tag) => $"{word}\t{tag}")).Append("\n\n");
            entities += found.Count;
            rows++;
        }

        return (_folder.Write("a.conll", conll.ToString()), entities, spoiled, rows);
    }

    private static string[] Tags(string[] words, JsonArray logits)
    {
        string[] labels = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-MISC", "I-MISC"];
        var tags = new string[words.Length];
        var token = 1;
        for (var i = 0; i < words.Length; i++)
        {
            var pieces = Tokenizer.CountTokens(Encoding.UTF8.GetBytes(words[i]));
            tags[i] = pieces == 0 || token >= logits.Count - 1 ? "O" : labels.Zip(logits[token]!.AsArray()).MaxBy(pair => (float)pair.Second!).First;
            token += pieces;
        }

        return tags;
    }

    /// <summary>The reference's pairs as questions; the answer is the span that its logits like best, or, of every second, the context's first word.</summary>
    private (string File, double Exact, double F1) Questions()
    {
        var paragraphs = new JsonArray();
        var scores = new List<(bool Exact, double F1)>();
        foreach (var row in Rows().Where(row => row["b"] is { } b && Ascii.IsValid((string)b!) && row["ids"]!.AsArray().Count < 64)) // those it did not cut
        {
            var context = (string)row["b"]!;
            var (start, best) = Best(context, row["logits"]!["answer"]!.AsArray());
            var word = context.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
            var (at, truth) = scores.Count % 2 == 0 ? (start, best) : (context.IndexOf(word, StringComparison.Ordinal), word);
            Answer[] answers = [new(truth, 0, 0)];
            scores.Add((AnswerText.IsExact(best, answers), AnswerText.F1(best, answers)));
            paragraphs.Add(new JsonObject
            {
                ["context"] = context,
                ["qas"] = new JsonArray(new JsonObject
                {
                    ["id"] = $"q{scores.Count}",
                    ["question"] = (string)row["a"]!,
                    ["answers"] = new JsonArray(new JsonObject { ["answer_start"] = context[..at].EnumerateRunes().Count(), ["text"] = truth }),
                }),
            });
        }

        var json = new JsonObject { ["data"] = new JsonArray(new JsonObject { ["paragraphs"] = paragraphs }) };
        return (
            _folder.Write("a.json", json.ToJsonString()),
            Math.Round(scores.Average(score => score.Exact ? 1.0 : 0.0), 9),
            Math.Round(scores.Average(score => score.F1), 9));
    }

    private static (int Start, string Text) Best(string context, JsonArray logits)
    {
        var utf8 = Encoding.UTF8.GetBytes(context);
        var (ids, offsets) = (new int[utf8.Length], new TokenOffset[utf8.Length]);
        var count = Tokenizer.TokenizeWithOffsets(utf8, ids, offsets, out _);
        TokenOffset.ToUtf16(utf8, offsets.AsSpan(0, count));
        var first = logits.Count - count - 1;
        var best = Enumerable.Range(0, count)
            .SelectMany(from => Enumerable.Range(from, Math.Min(30, count - from)).Select(to => (from, to)))
            .MaxBy(span => (float)logits[first + span.from]![0]! + (float)logits[first + span.to]![1]!);
        return (offsets[best.from].Start, context[offsets[best.from].Start..offsets[best.to].End]);
    }

    /// <summary>Whether words are what lies between spaces, for the tokenizer too.</summary>
    private static bool IsPlain(string text) => !string.IsNullOrWhiteSpace(text) && text.All(letter => letter == ' ' || !(char.IsWhiteSpace(letter) || char.IsControl(letter)));

    private static IEnumerable<JsonNode> Rows() => File.ReadLines(Repository.TinyBert("forward.jsonl")).Select(line => JsonNode.Parse(line)!);
}
