using System.Text;
using System.Text.Json;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Texts;

/// <summary>
/// Reads questions in the format of SQuAD 1.1 (Rajpurkar et al. 2016): <c>data[].paragraphs[]</c> with a <c>context</c> and <c>qas[]</c>, each with an <c>id</c>, a
/// <c>question</c> and <c>answers[]</c> of <c>text</c> and <c>answer_start</c>, counted in Unicode code points. Faults are named with file and id or place.
/// </summary>
internal static class SquadFile
{
    /// <exception cref="ToolException">The file is no JSON of that form, or an answer is not where it says.</exception>
    public static IReadOnlyList<Question> Read(string file)
    {
        var questions = new List<Question>();
        try
        {
            using var stream = File.OpenRead(file);
            using var json = JsonDocument.Parse(stream);
            foreach (var (article, entry) in List(json.RootElement, "data", file, "").Index())
            {
                foreach (var (paragraph, own) in List(entry, "paragraphs", file, $"data[{article}]").Index())
                {
                    ReadParagraph(own, file, $"data[{article}].paragraphs[{paragraph}]", questions);
                }
            }
        }
        catch (JsonException e)
        {
            throw new ToolException($"{file} is not valid JSON: {JsonFaults.Describe(e)}.", e);
        }

        return questions;
    }

    private static void ReadParagraph(JsonElement paragraph, string file, string place, List<Question> questions)
    {
        var context = Word(paragraph, "context", file, place);
        var utf8 = Encoding.UTF8.GetBytes(context);
        foreach (var (index, entry) in List(paragraph, "qas", file, place).Index())
        {
            var id = Word(entry, "id", file, $"{place}.qas[{index}]");
            var where = $"question {id}";
            var answers = List(entry, "answers", file, where).Select(answer => ReadAnswer(answer, context, file, where)).ToList();
            questions.Add(answers.Count > 0
                ? new Question(id, Word(entry, "question", file, where), utf8, answers)
                : throw Fault(file, where, "it has no answer, and SQuAD 1.1 has at least one a question"));
        }
    }

    private static Answer ReadAnswer(JsonElement answer, string context, string file, string where)
    {
        var text = Word(answer, "text", file, where);
        if (!answer.TryGetProperty("answer_start", out var value) || value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var codePoints))
        {
            throw Fault(file, where, "an answer needs 'answer_start', a whole number");
        }

        var start = UnitsOf(context, codePoints);
        if (start < 0 || !context.AsSpan(start).StartsWith(text, StringComparison.Ordinal))
        {
            throw Fault(file, where, $"its answer is not at answer_start {codePoints} of the context, counted in code points");
        }

        var bytes = Encoding.UTF8.GetByteCount(context.AsSpan(0, start));
        return new Answer(text, bytes, bytes + Encoding.UTF8.GetByteCount(text));
    }

    /// <summary>UTF-16 units of the first code points; -1 where there are not so many.</summary>
    private static int UnitsOf(string text, int codePoints)
    {
        var units = 0;
        for (; codePoints > 0 && units < text.Length; codePoints--)
        {
            units += char.IsSurrogatePair(text, units) ? 2 : 1;
        }

        return codePoints == 0 ? units : -1;
    }

    private static JsonElement.ArrayEnumerator List(JsonElement parent, string name, string file, string where) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray()
            : throw Fault(file, where, $"'{name}' is missing, or is no list");

    private static string Word(JsonElement parent, string name, string file, string where) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
        && value.GetString() is { } text && !string.IsNullOrWhiteSpace(text)
            ? text
            : throw Fault(file, where, $"'{name}' is missing, empty, or is no text");

    private static ToolException Fault(string file, string where, string what) => new($"{file}{(where.Length > 0 ? ", " : "")}{where}: {what}.");
}
