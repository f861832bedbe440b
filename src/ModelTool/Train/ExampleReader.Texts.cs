using System.Text;
using ModelTool.Texts;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Train;

/// <content>Rows whose labels stand inside the text.</content>
internal sealed partial class ExampleReader
{
    private void ReadSentences(string file, Division partOf)
    {
        var encoder = new SentenceEncoder(_tokenizer, _config.MaxTokens);
        foreach (var sentence in ConllFile.Read(file))
        {
            var part = partOf(_config.Data.Split is { } column ? sentence.Column(column) : null, () => sentence.Text);
            if (part == Part.Neither || _config.Data.Without.Contains(sentence.Source))
            {
                continue;
            }

            var encoded = encoder.Encode(sentence);
            if (Labelled([.. _config.Heads.Select(head => Labels(head.Key, head.Value, encoded, file))]) is { } labels)
            {
                Add(part, new Example(encoded.Ids, null, labels, WeightOf(sentence.Source)) { Sentence = encoded });
            }
        }
    }

    private void ReadQuestions(string file, Division partOf)
    {
        var encoder = new QuestionEncoder(_tokenizer, _config.MaxTokens);
        foreach (var question in SquadFile.Read(file))
        {
            var part = partOf(null, () => Encoding.UTF8.GetString(question.Context));
            if (part == Part.Neither)
            {
                continue;
            }

            foreach (var window in encoder.Cut(question))
            {
                // A window without the answer points at [CLS], as in BERT's run_squad.py: elsewhere the model would learn to find one in it.
                var (start, end) = window.Find(question.Answers[0]) ?? (0, 0);
                var labels = _config.Heads.Values.Select(head => head.ParsedKind == HeadKind.Span ? [(short)start, (short)end] : head.NoLabels());
                if (Labelled([.. labels]) is { } known)
                {
                    Add(part, new Example(window.Ids, window.Segments, known, 1) { Window = window });
                }
            }
        }
    }

    private static short[] Labels(string name, HeadConfig head, EncodedSentence encoded, string file)
    {
        switch (head.ParsedKind)
        {
            case HeadKind.Token:
                var labels = new short[encoded.Ids.Length];
                labels.AsSpan().Fill(-1); // [CLS], [SEP], and all pieces of a word but its first
                foreach (var (tag, piece) in new BioLabels(head.Labels).IndicesOf(encoded.Sentence, file).Zip(encoded.Pieces))
                {
                    if (piece >= 0)
                    {
                        labels[piece] = tag;
                    }
                }

                return labels;
            case HeadKind.Span:
                return head.NoLabels();
            default:
                return ClassLabels.Read(head.ParsedKind, head.Labels, encoded.Sentence, head.Column ?? name, file);
        }
    }
}
