using ModelTool.Graph;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Train;

/// <content>Heads and their losses.</content>
internal sealed partial class TrainGraphEmitter
{
    /// <param name="x">The last hidden states: of all tokens when there are heads on tokens, else of [CLS] only.</param>
    private void EmitHeads(string x, bool perToken)
    {
        var pooled = "";
        if (_heads.Any(head => head.NeedsPooler))
        {
            var first = perToken ? _tape.FirstTokens(x, _sequence, _padFirst, _config.Hidden) : x;
            pooled = Dropout(_tape.Tanh(Dense(first, BertTensors.Pooler)), "pooled", firstOnly: true);
        }

        var tokens = perToken ? Dropout(x, "tokens") : "";
        foreach (var head in _heads)
        {
            using var scope = _graph.Scope(head.Name);
            var logits = Dense(head.NeedsTokens ? tokens : pooled, BertTensors.Head(head.Name));
            if (head.Kind == HeadKind.Span)
            {
                // Padding is no place where an answer starts: the same shift as for attention, as [rows, 1, length].
                var rows = _tape.SpanRows(logits, Sizes("span", (rows, length) => [rows, length, 2]));
                logits = _tape.Shift(rows, _tape.Node("Squeeze", _padding, _tape.Shape(1)));
            }

            _logits.Add(head.Name, logits);
            if (_options.Trained.Count == 0)
            {
                _graph.Output(logits, ElementType.Float, Shape(head));
            }
            else
            {
                EmitLoss(head, logits);
            }
        }
    }

    private void EmitLoss(HeadSpec head, string logits)
    {
        var target = _graph.Input(TrainGraph.Target(head.Name), ElementType.Float, Shape(head));
        var scale = _graph.Input(TrainGraph.Scale(head.Name), ElementType.Float);
        var loss = head.Kind == HeadKind.Sigmoid
            ? _tape.BinaryCrossEntropy(logits, target, _graph.Input(TrainGraph.TargetWeight(head.Name), ElementType.Float, Shape(head)), scale)
            : _tape.CrossEntropy(logits, target, scale);
        _losses.Add(head.Name, loss);
        if (_tape.Tracks(loss))
        {
            _tape.Pass(loss, _tape.Scalar(_options.HeadWeights.GetValueOrDefault(head.Name, 1)));
        }
    }

    private static object[] Shape(HeadSpec head) => head.Kind switch
    {
        HeadKind.Span => [Rows, 2L, Length],
        HeadKind.Token => ["tokens", (long)head.Labels.Count],
        _ => [Rows, (long)head.Labels.Count],
    };
}
